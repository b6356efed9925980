---- MODULE Ring ----
\* A token with a colour goes round, and any initial state will do.
EXTENDS Integers
CONSTANT Size
Node == 0..Size-1

VARIABLES token, colour, busy
Colours == {"black", "white"}

Init ==
    /\ token \in Node
    /\ colour = "black"
    /\ busy \in [Node -> BOOLEAN]

Before(n) == IF n = 0 THEN Size - 1 ELSE n - 1

Pass ==
    /\ ~busy[token]
    /\ token' = Before(token)
    /\ colour' = CASE token = 0 -> "white" [] \E n \in Node : busy[n] /\ n > token -> "black" [] OTHER -> colour
    /\ busy' = busy

Rest(n) == busy[n] /\ busy' = [busy EXCEPT ![n] = FALSE] /\ UNCHANGED <<token, colour>>

Next == Pass \/ \E n \in Node : Rest(n)
Spec == Init /\ [][Next]_<<token, colour, busy>> /\ WF_<<token, colour, busy>>(Next)

Lowest == CHOOSE n \in Node : \A m \in Node : n <= m
Quiet == <>(\A n \in Node : ~busy[n])
Back == [](token = Lowest => \E n \in Node : token = n)
====
