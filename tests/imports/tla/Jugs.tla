---- MODULE Jugs ----
(* Two jugs without marks, and a tap: is there a way to measure the goal? *)
EXTENDS Naturals
CONSTANTS Small, Large, Goal

VARIABLES small, \* gallons in the small jug
          large  \* gallons in the large jug

TypeOK == small \in 0..Small /\ large \in 0..Large

Init == small = 0 /\ large = 0

Least(a, b) == IF a < b THEN a ELSE b

FillSmall == small' = Small /\ UNCHANGED large
FillLarge == large' = Large /\ UNCHANGED small
Empty == \/ small' = 0 /\ UNCHANGED large
         \/ large' = 0 /\ UNCHANGED small

\* What does not fit stays in the small jug.
Pour == LET moved == Least(small, Large - large) IN
    /\ small' = small - moved
    /\ large' = large + moved

PourBack == LET moved == Least(large, Small - small) IN
    /\ small' = small + moved
    /\ large' = large - moved

Next == FillSmall \/ FillLarge \/ Empty \/ Pour \/ PourBack

Unmeasured == large # Goal
====
