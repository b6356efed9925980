---- MODULE Ticks ----
EXTENDS Naturals
CONSTANT Limit
VARIABLE now
Tick == now < Limit /\ now' = now + 1
====
