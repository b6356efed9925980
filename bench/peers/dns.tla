-------------------------------- MODULE dns --------------------------------
(* The protocol `fixed` of model/dns with the faults crash and lock-expiry, for TLC: a peer for benchmarks. Sizes stand
   in dns.cfg.

       java -cp tla2tools.jar tlc2.TLC -deadlock -workers 2 -config dns.cfg dns.tla

   Every step of the protocol and its parameters is one disjunct of Next that yields one successor, so counts compare
   exactly:

       "distinct states found"  =  states
       "states generated"       =  transitions + 1   (TLC counts the initial state)

   That is 4737 and 19052 for the sizes in dns.cfg. Without the fault bad-plan no plan is ever empty: the protection
   plan-validation then changes nothing, and record-never-empty says the same as active-plan-never-deleted. *)
EXTENDS Naturals

CONSTANTS Enactors, Endpoints, Plans, Keep  \* numbers: how many of each; retention

VARIABLES latest, trees, alias, rollback, lock, phase, plan, cursor, doomed

zones == <<trees, alias, rollback, lock>>
work == <<phase, plan, cursor, doomed>>
vars == <<latest, zones, work>>

Enactor == 1..Enactors
Endpoint == 1..Endpoints
Plan == 1..Plans
None == 0  \* of generations: none yet; of locks: free

Init ==
    /\ latest = None
    /\ trees = [e \in Endpoint |-> {}]
    /\ alias = [e \in Endpoint |-> None]
    /\ rollback = [e \in Endpoint |-> None]
    /\ lock = [e \in Endpoint |-> None]
    /\ phase = [i \in Enactor |-> "IDLE"]
    /\ plan = [i \in Enactor |-> None]
    /\ cursor = [i \in Enactor |-> 1]
    /\ doomed = [i \in Enactor |-> {}]

(* Enactor i rests; what is not in use is reset. *)
Rest(i) ==
    /\ phase' = [phase EXCEPT ![i] = "IDLE"]
    /\ plan' = [plan EXCEPT ![i] = None]
    /\ cursor' = [cursor EXCEPT ![i] = 1]
    /\ doomed' = [doomed EXCEPT ![i] = {}]

Go(i, to) == phase' = [phase EXCEPT ![i] = to] /\ UNCHANGED <<plan, cursor, doomed>>

(* On to the next endpoint, after the last one to clean-up. *)
PassOn(i) ==
    /\ phase' = [phase EXCEPT ![i] = IF cursor[i] = Endpoints THEN "LIST" ELSE "LOCK"]
    /\ cursor' = [cursor EXCEPT ![i] = IF @ = Endpoints THEN 1 ELSE @ + 1]
    /\ UNCHANGED <<plan, doomed>>

Publish == latest < Plans /\ latest' = latest + 1 /\ UNCHANGED <<zones, work>>

PickUp(i) ==
    /\ phase[i] = "IDLE"
    /\ latest > 0
    /\ (\E e \in Endpoint : alias[e] < latest) = TRUE  \* a value, lest TLC branches for each endpoint
    /\ phase' = [phase EXCEPT ![i] = "LOCK"]
    /\ plan' = [plan EXCEPT ![i] = latest]
    /\ cursor' = [cursor EXCEPT ![i] = 1]
    /\ UNCHANGED <<latest, zones, doomed>>

TakeLock(i) == LET c == cursor[i] IN
    /\ phase[i] = "LOCK"
    /\ lock[c] = None
    /\ lock' = [lock EXCEPT ![c] = i]
    /\ Go(i, "BUILD")
    /\ UNCHANGED <<latest, trees, alias, rollback>>

BuildTree(i) == LET c == cursor[i] IN
    /\ phase[i] = "BUILD"
    /\ lock[c] = i
    /\ trees' = [trees EXCEPT ![c] = @ \union {plan[i]}]
    /\ Go(i, "FLIP")
    /\ UNCHANGED <<latest, alias, rollback, lock>>

FlipAlias(i) == LET c == cursor[i] IN
    /\ phase[i] = "FLIP"
    /\ lock[c] = i
    /\ lock' = [lock EXCEPT ![c] = None]
    /\ IF plan[i] <= alias[c] THEN  \* superseded: transactional-check
           PassOn(i) /\ UNCHANGED <<alias, rollback>>
       ELSE IF plan[i] \in trees[c] THEN  \* accepted; tolerant-rollback if the active tree is gone
           /\ rollback' = IF alias[c] \in {None} \union trees[c] THEN [rollback EXCEPT ![c] = alias[c]] ELSE rollback
           /\ alias' = [alias EXCEPT ![c] = plan[i]]
           /\ PassOn(i)
       ELSE  \* refused
           Go(i, "LOCK") /\ UNCHANGED <<alias, rollback>>
    /\ UNCHANGED <<latest, trees>>

LoseLock(i) ==
    /\ phase[i] \in {"BUILD", "FLIP"}
    /\ lock[cursor[i]] # i
    /\ Go(i, "LOCK")
    /\ UNCHANGED <<latest, zones>>

ListOldPlans(i) == LET old == {g \in UNION {trees[e] : e \in Endpoint} : g + Keep <= plan[i]} IN
    /\ phase[i] = "LIST"
    /\ IF old = {} THEN
           Rest(i)
       ELSE
           /\ phase' = [phase EXCEPT ![i] = "DELETE"]
           /\ cursor' = [cursor EXCEPT ![i] = 1]
           /\ doomed' = [doomed EXCEPT ![i] = old]
           /\ UNCHANGED plan
    /\ UNCHANGED <<latest, zones>>

DeleteOldPlans(i) == LET c == cursor[i] IN
    /\ phase[i] = "DELETE"
    /\ trees' = [trees EXCEPT ![c] = @ \ (doomed[i] \ {alias[c], rollback[c]})]  \* guarded-delete
    /\ IF c = Endpoints THEN Rest(i) ELSE cursor' = [cursor EXCEPT ![i] = c + 1] /\ UNCHANGED <<phase, plan, doomed>>
    /\ UNCHANGED <<latest, alias, rollback, lock>>

Crash(i) == phase[i] # "IDLE" /\ Rest(i) /\ UNCHANGED <<latest, zones>>

ExpireLock(e) ==
    /\ lock[e] # None
    /\ lock' = [lock EXCEPT ![e] = None]
    /\ UNCHANGED <<latest, trees, alias, rollback, work>>

Next ==
    \/ Publish
    \/ \E i \in Enactor :
        \/ PickUp(i) \/ TakeLock(i) \/ BuildTree(i) \/ FlipAlias(i) \/ LoseLock(i)
        \/ ListOldPlans(i) \/ DeleteOldPlans(i) \/ Crash(i)
    \/ \E e \in Endpoint : ExpireLock(e)

Spec == Init /\ [][Next]_vars

ActivePlanNeverDeleted == \A e \in Endpoint : alias[e] # None => alias[e] \in trees[e]
RollbackTargetExists == \A e \in Endpoint : rollback[e] # None => rollback[e] \in trees[e]
PlansNeverRegress == [][\A e \in Endpoint : alias'[e] >= alias[e]]_vars
=============================================================================
