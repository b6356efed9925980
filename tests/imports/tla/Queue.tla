---- MODULE Queue ----
\* Requests wait in a queue of records; a server takes the first, or one that is urgent.
EXTENDS Naturals, Sequences
CONSTANTS Client, Most

VARIABLES queue, served

Request == [from : Client, urgent : BOOLEAN]
TypeOK == queue \in Seq(Request) /\ served \in [Client -> 0..Most]

Init == queue = << >> /\ served = [c \in Client |-> 0]

Ask(c) ==
    /\ Len(queue) < 2
    /\ \A i \in DOMAIN queue : queue[i].from # c
    /\ \E u \in BOOLEAN : queue' = Append(queue, [from |-> c, urgent |-> u])
    /\ UNCHANGED served

Without(i) == SubSeq(queue, 1, i - 1) \o SubSeq(queue, i + 1, Len(queue))

Serve ==
    \E i \in 1..Len(queue) :
        /\ queue[i].urgent \/ i = 1
        /\ served[queue[i].from] < Most
        /\ queue' = Without(i)
        /\ served' = [served EXCEPT ![queue[i].from] = @ + 1]

Next == Serve \/ \E c \in Client : Ask(c)
Spec == Init /\ [][Next]_<<queue, served>>

Urgent == { queue[i].from : i \in { j \in DOMAIN queue : queue[j].urgent } }
Short == Len(queue) <= 2 /\ Urgent \subseteq Client
Fair == \A c, d \in Client : served[c] <= served[d] + 1
====
