---- MODULE Votes ----
\* A coordinator commits when every participant has voted; messages stay in a set.
EXTENDS FiniteSets
CONSTANT Participant, NoVote

VARIABLES state, votes, msgs, outcome
vars == <<state, votes, msgs, outcome>>

Messages == [kind : {"vote"}, from : Participant] \cup [kind : {"commit", "abort"}]

TypeInv ==
    /\ state \in [Participant -> {"busy", "ready", "done", "off"}]
    /\ votes \subseteq Participant
    /\ msgs \subseteq Messages
    /\ outcome \in {"commit", "abort", NoVote}

Init ==
    /\ state = [p \in Participant |-> "busy"]
    /\ votes = {}
    /\ msgs = {}
    /\ outcome = NoVote

Send(m) == msgs' = msgs \cup {m}

Vote(p) ==
    /\ state[p] = "busy"
    /\ state' = [state EXCEPT ![p] = "ready"]
    /\ Send([kind |-> "vote", from |-> p])
    /\ UNCHANGED <<votes, outcome>>

Refuse(p) ==
    /\ state[p] = "busy"
    /\ state' = [state EXCEPT ![p] = "off"]
    /\ UNCHANGED <<votes, outcome, msgs>>

Count ==
    /\ outcome = NoVote
    /\ \E m \in msgs : m.kind = "vote" /\ m.from \notin votes /\ votes' = votes \cup {m.from}
    /\ UNCHANGED <<state, outcome, msgs>>

Decide ==
    /\ outcome = NoVote
    /\ outcome' \in {"commit", "abort"}
    /\ outcome' = "commit" => Cardinality(votes) = Cardinality(Participant)
    /\ Send([kind |-> outcome'])
    /\ UNCHANGED <<state, votes>>

Hear(p) ==
    /\ state[p] # "busy"
    /\ \E m \in msgs :
        \/ m.kind = "commit" /\ state' = [state EXCEPT ![p] = "done"]
        \/ m.kind = "abort" /\ state' = [state EXCEPT ![p] = "off"]
    /\ UNCHANGED <<votes, msgs, outcome>>

Next == Count \/ Decide \/ \E p \in Participant : Vote(p) \/ Refuse(p) \/ Hear(p)

Spec == Init /\ [][Next]_vars /\ WF_vars(Next)

Agreed == ~ \E p, q \in Participant : state[p] = "done" /\ state[q] = "off"
Sent == \A p \in votes : [kind |-> "vote", from |-> p] \in msgs
NoUndo == [][outcome # NoVote => outcome' = outcome]_vars
====
