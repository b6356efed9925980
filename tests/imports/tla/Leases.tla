---- MODULE Leases ----
\* A lease that may run out; the holder is nobody or a worker. The counter is an instance of another module.
EXTENDS Naturals
CONSTANTS Worker, Nobody, Top

VARIABLES holder, clock, believes

Clock == INSTANCE Ticks WITH now <- clock, Limit <- Top

Init == holder = Nobody /\ clock = 0 /\ believes = [w \in Worker |-> FALSE]

Take(w) ==
    /\ holder = Nobody
    /\ holder' = w
    /\ believes' = [believes EXCEPT ![w] = TRUE]
    /\ UNCHANGED clock

Expire == /\ holder # Nobody /\ Clock!Tick
          /\ holder' = Nobody
          /\ IF clock > 0 THEN believes' = [w \in Worker |-> FALSE] ELSE UNCHANGED believes

Next == Expire \/ \E w \in Worker : Take(w)
Leaders == {w \in Worker : believes[w]}
OneLeader == \A v, w \in Leaders : v = w
HolderLeads == holder # Nobody => holder \in Leaders
====
