---- MODULE Gate ----
\* Processes take tickets to pass a gate one by one, written like a translation of PlusCal.
EXTENDS Integers
CONSTANT N
Procs == 1..N

VARIABLES next, serving, ticket, pc
vars == <<next, serving, ticket, pc>>

Init ==
    /\ next = 0
    /\ serving = 0
    /\ ticket = [p \in Procs |-> 0]
    /\ pc = [p \in Procs |-> "idle"]

idle(p) ==
    /\ pc[p] = "idle"
    /\ ticket' = [ticket EXCEPT ![p] = next]
    /\ next' = (next + 1) % (N + 1)
    /\ pc' = [pc EXCEPT ![p] = "wait"]
    /\ UNCHANGED serving

wait(p) ==
    /\ pc[p] = "wait"
    /\ ticket[p] = serving
    /\ pc' = [pc EXCEPT ![p] = "inside"]
    /\ UNCHANGED <<next, serving, ticket>>

inside(p) ==
    /\ pc[p] = "inside"
    /\ serving' = (serving + 1) % (N + 1)
    /\ pc' = [pc EXCEPT ![p] = "idle"]
    /\ UNCHANGED <<next, ticket>>

proc(p) == idle(p) \/ wait(p) \/ inside(p)
Next == \E p \in Procs : proc(p)
Spec == Init /\ [][Next]_vars /\ \A p \in Procs : WF_vars(proc(p))

Alone == \A p, q \in Procs : pc[p] = "inside" /\ pc[q] = "inside" => p = q
Passes == \A p \in Procs : pc[p] = "wait" ~> pc[p] = "inside"
Again == []<>(pc[1] = "idle")
Stays == <>[](pc[1] = "wait")
====
