/* The protocol `fixed` of model/dns with the faults crash and lock-expiry, for SPIN 6.5: a peer for benchmarks.
 *
 *     spin -a -o2 -DENACTORS=2 -DENDPOINTS=1 -DPLANS=3 -DKEEP=2 dns.pml
 *     gcc -O3 -DSAFETY -DNOREDUCE -DNOFAIR -o pan pan.c
 *     ./pan -m100000 -w20
 *
 * One process, one loop, one d_step for each step of the protocol and its parameters: the only program counter never
 * moves, so a state of SPIN is a state of the protocol. Counts compare exactly:
 *
 *     "states, stored"                  =  states
 *     "transitions (= stored+matched)"  =  transitions + 1   (SPIN counts the way into the initial state)
 *
 * That is 4737 and 19052 for the sizes above. SPIN prints eight digits; larger counts need "%9.8g" in pan.c replaced by
 * "%.0f". Counts of a search that says "max search depth too small" are void: it needs a larger -m.
 *
 * Scalars are named by macros, phase(0) is phase_0, so that all share a few words of bits: an array or a typedef
 * gives each element a word of its own. The steps of an Enactor at its endpoint are written out for each endpoint; its
 * cursor enables those of one.
 *
 * The safety properties are asserted in the steps that write what they read. Without the fault bad-plan no plan is ever
 * empty: the protection plan-validation then changes nothing, and record-never-empty says the same as
 * active-plan-never-deleted. */

#if ENACTORS == 1
#define FOR_ENACTORS(f) f(0)
#elif ENACTORS == 2
#define FOR_ENACTORS(f) f(0) f(1)
#elif ENACTORS == 3
#define FOR_ENACTORS(f) f(0) f(1) f(2)
#elif ENACTORS == 4
#define FOR_ENACTORS(f) f(0) f(1) f(2) f(3)
#else
#error "give -DENACTORS=1 to 4"
#endif

#if ENDPOINTS == 1
#define FOR_ENDPOINTS(f, op, i) f(i, 0)
#define CURSOR 1
#elif ENDPOINTS == 2
#define FOR_ENDPOINTS(f, op, i) f(i, 0) op f(i, 1)
#define CURSOR 1
#elif ENDPOINTS == 3
#define FOR_ENDPOINTS(f, op, i) f(i, 0) op f(i, 1) op f(i, 2)
#define CURSOR 2
#elif ENDPOINTS == 4
#define FOR_ENDPOINTS(f, op, i) f(i, 0) op f(i, 1) op f(i, 2) op f(i, 3)
#define CURSOR 2
#else
#error "give -DENDPOINTS=1 to 4"
#endif

#if PLANS >= 1 && PLANS <= 3
#define GENERATION 2
#elif PLANS >= 4 && PLANS <= 7
#define GENERATION 3
#elif PLANS >= 8 && PLANS <= 15
#define GENERATION 4
#else
#error "give -DPLANS=1 to 15"
#endif

#ifndef KEEP
#error "give -DKEEP=0 to 15"
#endif

/* Phases of an Enactor. */
#define IDLE 0
#define LOCK 1
#define BUILD 2
#define FLIP 3
#define LIST 4
#define DELETE 5

/* The state. Enactors and endpoints count from 0; a lock names Enactor i as i + 1 and is 0 when free. A set of
 * generations has bit g - 1 for generation g. */
#define trees(e) trees_##e
#define alias(e) alias_##e
#define rollback(e) rollback_##e
#define lock(e) lock_##e
#define phase(i) phase_##i
#define plan(i) plan_##i
#define cursor(i) cursor_##i
#define doomed(i) doomed_##i

#define zone(i, e) \
	unsigned trees(e) : PLANS; unsigned alias(e) : GENERATION; unsigned rollback(e) : GENERATION; unsigned lock(e) : 3;
#define enactor(i) \
	unsigned phase(i) : 3; unsigned plan(i) : GENERATION; unsigned cursor(i) : CURSOR; unsigned doomed(i) : PLANS;

unsigned latest : GENERATION;
FOR_ENDPOINTS(zone, , _)
FOR_ENACTORS(enactor)
hidden unsigned old : PLANS;  /* of list_old_plans; not in the state */

#define only(g) ((1 << (g)) >> 1)  /* {g}, or {} for g = 0 */
#define up_to(g) ((1 << (g)) - 1)  /* {1, ..., g} */
#define behind(i, e) alias(e) < latest
#define trees_of(i, e) trees(e)
#define holds(i, e) (cursor(i) == e && lock(e) == i + 1)
#define is_last(e) (e == ENDPOINTS - 1)

#define rest(i) phase(i) = IDLE; plan(i) = 0; cursor(i) = 0; doomed(i) = 0

/* On to the next endpoint, after the last one to clean-up. */
#define pass_on(i, e) phase(i) = (is_last(e) -> LIST : LOCK); cursor(i) = (is_last(e) -> 0 : e + 1)

/* active-plan-never-deleted (and record-never-empty), rollback-target-exists */
#define check(e) \
	assert(alias(e) == 0 || (trees(e) & only(alias(e)))); \
	assert(rollback(e) == 0 || (trees(e) & only(rollback(e))))

#define publish \
	:: d_step { latest < PLANS -> latest++ }

#define pick_up(i) \
	:: d_step { phase(i) == IDLE && latest > 0 && (FOR_ENDPOINTS(behind, ||, i)) -> \
		plan(i) = latest; cursor(i) = 0; phase(i) = LOCK }

#define take_lock(i, e) \
	:: d_step { phase(i) == LOCK && cursor(i) == e && lock(e) == 0 -> lock(e) = i + 1; phase(i) = BUILD }

#define build_tree(i, e) \
	:: d_step { phase(i) == BUILD && holds(i, e) -> trees(e) = trees(e) | only(plan(i)); phase(i) = FLIP; check(e) }

#define flip_alias(i, e) \
	:: d_step { phase(i) == FLIP && holds(i, e) -> \
		lock(e) = 0; \
		if \
		:: plan(i) <= alias(e) ->  /* superseded: transactional-check */ \
			pass_on(i, e) \
		:: plan(i) > alias(e) && (trees(e) & only(plan(i))) ->  /* accepted; tolerant-rollback if nothing to keep */ \
			if \
			:: alias(e) == 0 || (trees(e) & only(alias(e))) -> rollback(e) = alias(e) \
			:: else \
			fi; \
			assert(plan(i) >= alias(e));  /* plans-never-regress */ \
			alias(e) = plan(i); \
			check(e); \
			pass_on(i, e) \
		:: else ->  /* refused */ \
			phase(i) = LOCK \
		fi }

#define lose_lock(i, e) \
	:: d_step { (phase(i) == BUILD || phase(i) == FLIP) && cursor(i) == e && lock(e) != i + 1 -> phase(i) = LOCK }

#define list_old_plans(i) \
	:: d_step { phase(i) == LIST -> \
		old = (FOR_ENDPOINTS(trees_of, |, i)) & (plan(i) > KEEP -> up_to(plan(i) - KEEP) : 0); \
		if \
		:: old == 0 -> rest(i) \
		:: else -> doomed(i) = old; cursor(i) = 0; phase(i) = DELETE \
		fi }

#define delete_old_plans(i, e)  /* spares two: guarded-delete */ \
	:: d_step { phase(i) == DELETE && cursor(i) == e -> \
		trees(e) = trees(e) & (~doomed(i) | only(alias(e)) | only(rollback(e))); \
		check(e); \
		if \
		:: is_last(e) -> rest(i) \
		:: else -> cursor(i)++ \
		fi }

#define crash(i) \
	:: d_step { phase(i) != IDLE -> rest(i) }

#define expire_lock(i, e) \
	:: d_step { lock(e) != 0 -> lock(e) = 0 }

#define steps_at(i, e) take_lock(i, e) build_tree(i, e) flip_alias(i, e) lose_lock(i, e) delete_old_plans(i, e)
#define steps_of(i) pick_up(i) FOR_ENDPOINTS(steps_at, , i) list_old_plans(i) crash(i)

active proctype system() {
end:	do  /* the label: the protocol may come to rest here */
	publish
	FOR_ENACTORS(steps_of)
	FOR_ENDPOINTS(expire_lock, , _)
	od
}
