---- MODULE Library ----
\* Readers share, a writer is alone: sets that grow and shrink, and a set of pairs.
EXTENDS FiniteSets, Integers
CONSTANT Person, Book

VARIABLES reading, writing, done
vars == <<reading, writing, done>>

Init == reading = {} /\ writing = {} /\ done = [b \in Book |-> {}]

Readers(b) == { p \in Person : <<p, b>> \in reading }

Read(p, b) ==
    /\ b \notin writing
    /\ Cardinality(Readers(b)) < 2
    /\ reading' = reading \cup {<<p, b>>}
    /\ UNCHANGED <<writing, done>>

Finish ==
    \E <<p, b>> \in reading :
        /\ reading' = reading \ {<<p, b>>}
        /\ done' = [done EXCEPT ![b] = @ \cup {p}]
        /\ UNCHANGED writing

Write(b) ==
    /\ Readers(b) = {}
    /\ writing' = IF b \in writing THEN writing \ {b} ELSE writing \cup {b}
    /\ UNCHANGED <<reading, done>>

Next == Finish \/ \E b \in Book : Write(b) \/ \E p \in Person : Read(p, b)
Spec == Init /\ [][Next]_vars

Apart == \A r \in reading : r[2] \notin writing
Two == \A b \in Book : Cardinality(Readers(b)) <= 2
Nobody == UNION { done[b] : b \in Book } # Person
====
