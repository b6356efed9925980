"""The tests that take longest: ``pytest`` leaves them out, and ``pytest --all`` runs them, too, as CI does.

What is asked of more cases than CI has time for is asked ``ON_REQUEST`` only: by ``pytest --everything``, or
``pytest --everything -m on_request`` for these tests alone. Each test there has others like it in the run of ``--all``,
which meet the same code. A change of an engine is a reason to run them.

What follows a reason are beginnings of names of tests, below ``tests/``. A test may also say so itself, by
``@pytest.mark.long("what it does")`` or ``on_request``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

COMMANDS = "commands and code of the documents, other than the README's"
LONG = {
    "every example and page in every engine and format": [
        "logs/test_export.py::test_examples[dns_processes",
        "engines/test_every_protocol.py::test_examples",
        "engines/test_every_protocol.py::test_pages",
        "engines/test_every_protocol.py::test_the_dns_protocol",
    ],
    "the largest repair of the gallery, for solvers: the other repairs are asked in every run": [
        "docs/test_gallery.py::test_solvers_decide_the_repair_at_one_size[broker",
        "docs/test_gallery.py::test_the_repair_is_proved_for_every_size[broker",
    ],
    "random systems that hypothesis draws, in the engines": [
        "advice/test_advice.py::test_true_counts_lie_in_the_interval[1000]",
        "advice/test_advice.py::test_true_counts_lie_in_the_interval[5000]",
        "engines/explicit/test_explorer.py::test_the_step_function_agrees_with_the_interpreter",
        "engines/explicit/test_orbits.py::test_random_systems_with_few_orders",
        "engines/explicit/test_reachable.py::test_met_is_what_breaks_its_opposite",
        "engines/explicit/test_slicing.py::test_random_systems",
        "engines/explicit/test_warnings.py::test_random_systems",
        "engines/native/test_native.py::test_random_systems",
        "engines/native/test_wide.py::test_numbers",
        "engines/native/test_wide.py::test_sets",
        "engines/proof/test_open.py::test_what_is_proved_holds_in_every_state",
        "engines/proof/test_open_random.py::test_what_is",
        "engines/symbolic/test_bmc.py::test_random_systems",
        "engines/symbolic/test_finite_terms.py",
        "engines/symbolic/test_induction.py::test_random_systems",
        "engines/symbolic/test_solver_graphs.py::test_random_graphs",
        "engines/temporal/test_temporal.py::test_liveness_by_definition",
        "engines/temporal/test_temporal.py::test_random_systems",
        "engines/test_many_instances.py::test_loops_mean_what_is_written_out",
        "engines/test_positions.py",
        "language/test_names.py::test_engines_agree_whatever_things_are_called",
        "patterns/test_channels.py::test_searches_agree_with_the_interpreter",
        "programs/test_programs.py::test_processes_do_what_python_does[range(15",
        "patterns/test_channels.py::test_solvers_agree",
        "review/test_mutation.py::test_judged_as_brute_force_does",
        "review/test_mutation.py::test_random_systems_are_judged_as_brute_force_does",
        "review/test_mutation.py::test_weaker_conditions_hold_wherever_the_condition_does",
    ],
    "damaged reports: 5 of 12 parts": [
        *(f"report/test_strangers.py::test_a_damaged_file_is_refused_or_shown[{part}]" for part in range(1, 6)),
    ],
    "servers of others whose parent is killed": [
        *(
            f"drive/test_watcher.py::test_a_killed_parent_leaves_nothing_behind[{name}]"
            for name in ("named", "knotd", "postgres")
        ),
    ],
    "searches that are cut at every level, and killed at twenty moments": [
        "engines/native/test_killed_searches.py::test_a_search_goes_on_that_was_killed_at_many_moments",
        "engines/native/test_checkpoints.py::test_counts_and_lengths_at_every_level",
    ],
    "workers that are processes, and workers that hang": [
        "drive/order/test_ending.py::test_a_state_machine_drives_workers",
        "drive/order/test_example.py::test_schedules_find_the_race_and_leave_the_careful_code",
        "drive/order/test_example.py::test_the_careless_code_is_right_in_sequence[Processes]",
        "drive/order/test_forms.py::test_a_race_is_found_by_a_schedule[processes",
        "drive/order/test_forms.py::test_a_race_is_found_by_a_tour[processes]",
        "drive/order/test_forms.py::test_every_transition_is_covered[processes]",
        "drive/order/test_forms.py::test_right_code_is_covered_by_a_schedule[processes",
        "drive/order/test_stuck.py::test_a_deadlock_is_found_by_schedules",
    ],
    "the DNS automation is proved to refine its design, at every size": [
        "run/test_refine.py::test_the_repair_refines_the_design_for_every_size",
        "run/test_refine.py::test_a_proof_tells_where",
    ],
    COMMANDS: [
        "docs/test_blocks.py::test_commands_in_scripts_run[docs/explain.md:8",
        "docs/test_ci_documents.py::test_a_change_becomes_a_comment",
        "docs/test_ci_documents.py::test_the_workflow_reports_every_outcome",
        "docs/test_docs.py::test_the_code_on_the_page_runs",
        "docs/test_site.py::test_following_it[docs/agents.md]",
        "docs/test_site.py::test_following_it[docs/configuration.md]",
        "docs/test_site.py::test_following_it[docs/conform.md]",
        "docs/test_site.py::test_following_it[docs/driving.md]",
        "docs/test_site.py::test_following_it[docs/postmortem.md]",
        "docs/test_site.py::test_following_it[docs/processes.md]",
        "docs/test_site.py::test_following_it[docs/tutorial.md]",
        "docs/test_site.py::test_following_it[docs/pytest.md]",
        "docs/test_site.py::test_following_it[docs/show.md]",
        "docs/test_site.py::test_following_it[docs/styles.md]",
        "review/test_baseline.py::test_following_the_document",
    ],
    "all sets of protections and faults, proved and searched": [
        "cli/test_prove.py::test_a_lost_lemma_is_found_again",
        "cli/test_prove.py::test_an_invariant_of_the_repaired_automation_is_found",
        "cli/test_prove.py::test_exit_codes[0-arguments0]",
        "cli/test_prove.py::test_exit_codes[0-arguments6]",
        "cli/test_prove.py::test_exit_codes[1-arguments5]",
        "cli/test_prove.py::test_exit_codes[3-arguments9]",
        "cli/test_prove.py::test_json_of_a_counterexample_and_of_a_gap",
        "engines/proof/test_inference.py::test_an_example_is_proved_by_a_wide_grammar",
        "engines/proof/test_inference.py::test_points_of_processes_are_in_the_lemmas_of_an_example",
        "engines/proof/test_proof.py::test_against_explicit_search",
        "engines/proof/test_proof.py::test_each_base_protection_matters",
        "engines/proof/test_proof.py::test_every_cell_is_decided",
        "engines/proof/test_proof.py::test_more_faults_never_help",
        "engines/proof/test_proof.py::test_the_named_lengths_are_real",
        "engines/proof/test_proof.py::test_cvc5_confirms",
        "engines/proof/test_proof.py::test_a_size_can_be_fixed",
        "engines/proof/test_proof.py::test_every_lemma_earns_its_place",
        "engines/proof/test_proof.py::test_results_repeat",
        "engines/proof/test_proof.py::test_no_conjunct_can_be_dropped",
        "engines/proof/test_proof.py::test_the_invariant_holds_in_every_reachable_state",
        "engines/proof/test_proof_sizes.py::test_inference_learns_from_the_smallest_instances_that_are_allowed",
        "engines/proof/test_recovery.py::test_the_proof_agrees_with_all_paths",
        "engines/symbolic/test_induction.py::test_against_explicit_search",
        "engines/temporal/test_temporal.py::test_convergence_of_every_variant",
        "engines/temporal/test_temporal.py::test_recovery_of_every_variant",
    ],
    "logs of 400 lines, by brute force": ["logs/test_mutated_logs.py::test_logs_of_400_lines"],
    "large searches": [
        "engines/native/test_native.py::test_a_memory_limit_is_kept",
        "advice/test_advice.py::test_a_separate_protocol_has_the_same_verdict",
        "advice/test_advice.py::test_the_forecast_of_memory_is_for_the_whole_process",
        "cli/test_portable.py::test_large_searches_work_without",
        "cli/test_command.py::test_progress_is_drawn_on_a_terminal_only",
        "explain/test_explainer.py::test_recovery_is_what_the_state_graph_says[variant0]",
        "review/test_postmortem.py::test_a_run_shows_all_facts",
        "review/test_postmortem.py::test_a_match_of_the_run",
        "outages/test_outages.py::test_the_repair_is_proved_for_every_size",
        "dns/test_counts.py::test_explorer[fixed-3",
        "dns/test_counts.py::test_explorer[original-3",
        "dns/test_counts.py::test_fixed_with_crashes_and_expiring_locks",
        "dns/test_counts.py::test_interpreter",
        "dns/test_counts.py::test_the_default_size",
        "engines/explicit/test_symmetry.py::test_as_many_states_as_orbits",
        "engines/scenario/test_scenarios.py::test_a_scenario_that_cannot_happen",
        "engines/scenario/test_scenarios.py::test_a_scenario_within_bounds",
        "engines/scenario/test_scenarios.py::test_the_default_run_shows_the_whole_scenario",
        "engines/scenario/test_scenarios.py::test_the_lock_contention_is_seen_in_the_states",
        "engines/scenario/test_scenarios.py::test_the_match_agrees_with_the_monitor",
        "engines/scenario/test_scenarios.py::test_the_monitor_as_terms",
        "engines/scenario/test_scenarios.py::test_the_shortest_run_of_a_scenario[native]",
        "engines/scenario/test_scenarios.py::test_the_scenario_with_the_repair_by_an_operator",
        "engines/symbolic/test_bmc.py::test_shortest_violations",
        "engines/symbolic/test_bmc.py::test_the_default_size",
        "review/test_mutation.py::test_protections_are_dropped_too",
        "run/test_deadline.py::test_every_command_is_cut_anywhere_without_a_false_word",
        "run/test_deadline.py::test_machine_code_that_there_is_no_time_for_is_no_error",
        "run/test_deadline.py::test_wherever_a_run_is_cut_it_says_nothing_false_and_what_is_missing",
        "semantics/test_traces.py::test_every_reachable_state_survives_packing",
        "engines/explicit/test_orbits.py::test_as_many_states_as_orbits[3",
        "engines/explicit/test_orbits.py::test_as_many_states_as_orbits[4",
        "engines/native/test_native.py::test_counts",
        "engines/temporal/test_temporal.py::test_the_same_graph",
        "language/test_options.py::test_it_simulates_the_bounded_planner",
    ],
    "every transition of the DNS protocol, on its implementation": [
        "drive/dns/test_as_modelled.py::test_every_transition_of_two_enactors_happens",
    ],
    "processes that are killed and restarted for some seconds": [
        "drive/dns/test_chaos.py::test_the_repaired_code_survives_chaos",
        "drive/dns/test_chaos_records.py::test_drifts_diverge_in_chaos",
        "drive/dns/test_chaos_records.py::test_the_repaired_code_conforms_in_chaos",
    ],
    "each explanation fails once": [
        "run/test_guarded.py::test_an_explainer_that_fails_changes_nothing_else",
    ],
    "a process for each signal, stream, terminal and place": [
        "api/test_own_packages.py::test_an_old_import_is_an_error_with_the_new_line",
        "cli/test_outputs.py::test_a_run_needs_neither_home_nor_cache",
        "cli/test_outputs.py::test_a_working_directory_that_is_gone",
        "cli/test_outputs.py::test_standard_output_by_name_is_neither_replaced_nor_begun_anew",
        "cli/test_signals.py::test_a_signal_ends_the_run",
        "cli/test_streams.py::test_a_full_standard_output_is_reported",
        "cli/test_streams.py::test_a_locale_of_ascii_gets_ascii",
        "cli/test_streams.py::test_a_terminal_that_knows_few_characters_gets_others",
        "cli/test_streams.py::test_closed_streams_and_a_reader_that_goes_change_no_exit_code",
        "engines/symbolic/test_solver_ends.py::test_a_signal",
        "run/test_loading.py::test_an_interrupt_while_a_file_is_loaded_ends_the_command",
    ],
    "obligations that a second solver confirms": [
        "api/test_api.py::test_obligations_are_written_and_confirmed",
    ],
    "SPIN compiles and searches the same instances": [
        *(f"bench/test_peers.py::test_spin_counts_the_same[{sizes}]" for sizes in ("2/2/3/1", "3/1/3/2", "2/1/4/2")),
    ],
    "the pages of reports in a browser, other than stepping and hostile names": [
        "report/test_page.py::test_beliefs_truth_and_the_other_variant",
        "report/test_page.py::test_enabled_steps_and_walking_into_them",
        "report/test_page.py::test_everything_can_be_reached_and_is_named",
        "report/test_page.py::test_facts_are_pinned",
        "report/test_page.py::test_ten_thousand_steps_stay_fluid",
        "report/test_page.py::test_the_page_of_the_default_run_is_small",
        "report/test_logs_page.py::test_a_report_without_a_run_shows_its_lines",
        "report/test_logs_page.py::test_a_step_is_selected_in_lanes_list_and_by_keys",
        "report/test_logs_page.py::test_everything_is_named",
        "report/test_logs_page.py::test_logs_that_begin_in_the_middle_or_were_followed_have_a_page",
        "report/test_logs_page.py::test_nothing_is_wider_than_the_window",
        "report/test_logs_page.py::test_of_a_long_log_only_what_is_in_sight_exists",
        "report/test_logs_page.py::test_of_many_streams_the_one_of_the_selected_line_is_in_sight",
        "report/test_logs_page.py::test_the_axis_of_the_clock_shows_when_lines_happened",
        "report/test_logs_page.py::test_the_search_finds_steps_lines_and_streams",
        "report/test_logs_page.py::test_violations_are_marked_with_their_facts",
        "report/test_logs_page.py::test_what_a_followed_log_has_forgotten_is_explained",
        "report/test_logs_page.py::test_what_only_another_run_violates_is_no_step_of_this_one",
        "report/test_page_layout.py",
        "report/test_proof_page.py",
        "report/test_traffic_page.py",
    ],
    "pytest in several processes, in pytest": [
        "plugin/test_plugin.py::test_several_processes",
    ],
}


FULL = "+".join(("transactional-check", "guarded-delete", "tolerant-rollback", "plan-validation"))
ON_REQUEST = {
    "TLC about the gallery and more random systems: other protocols and systems are in the other runs": [
        "export/test_tla.py::test_the_gallery",
        *(f"export/test_tla.py::test_random_systems[{seed}]" for seed in (40, 63)),
        *(f"export/test_tla.py::test_its_designs[{name}]" for name in ("prefixes", "snapshot")),
    ],
    "logs of 400 lines by brute force: half of the parts": ["logs/test_mutated_logs.py::test_logs_of_400_lines[10]"],
    "the planner without bounds, with a fault that two others have, too": [
        "language/test_options.py::test_it_simulates_the_bounded_planner[remembering bad-plan]",
    ],
    "the largest example in every engine: the smaller ones with processes are long tests": [
        "engines/test_every_protocol.py::test_examples[dns_processes",
    ],
    "the planner without bounds: three of six variants and faults are long tests": [
        "language/test_options.py::test_it_simulates_the_bounded_planner[fixed]",
        "language/test_options.py::test_it_simulates_the_bounded_planner[fixed bad-plan]",
        "language/test_options.py::test_it_simulates_the_bounded_planner[remembering]",
    ],
    "sets of other sizes than one or two full words, and one member more": [
        *(f"engines/native/test_wide.py::test_sets[{top}]" for top in (62, 65, 128, 200)),
    ],
    "Spacer about systems that induction is asked about: four others are asked both": [
        "engines/symbolic/test_induction.py::test_against_explicit_search[transactional-check no faults-spacer]",
        f"engines/symbolic/test_induction.py::test_against_explicit_search[{FULL} no faults-spacer]",
    ],
    "signals at another moment: at an earlier one every command is a long test": [
        *(
            f"engines/symbolic/test_solver_ends.py::test_a_signal_at_any_moment[{command}-1.7]"
            for command in ("all", "induction", "infer", "spacer")
        ),
    ],
    "recovery of variants with one protection less: the longest cases of most faults, which others have, too": [
        *(
            f"engines/temporal/test_temporal.py::test_recovery_of_every_variant[without {case}]"
            for case in (
                "guarded-delete-crash lock-expiry",
                "guarded-delete-lock-expiry",
                "plan-validation-crash lock-expiry",
                "plan-validation-stray-delete",
                "tolerant-rollback-crash lock-expiry",
                "tolerant-rollback-lock-expiry",
                "transactional-check-lock-expiry",
                "transactional-check-stray-delete",
            )
        ),
    ],
    "every transition of the original automation: those of the fixed one are a long test": [
        "drive/dns/test_as_modelled.py::test_every_transition_of_two_enactors_happens[original",
    ],
    "damaged reports: half of the parts": [
        *(f"report/test_strangers.py::test_a_damaged_file_is_refused_or_shown[{part}]" for part in range(6, 12)),
    ],
    "programs that are drawn as processes: a third": [
        "programs/test_programs.py::test_processes_do_what_python_does[range(30",
    ],
    "another moment of a loss on Ray: two are in the other runs": [
        "engines/cluster/test_on_ray.py::test_a_killed_process_is_made_again[turn",
    ],
    "logs of the original automation with clocks that are far off: those of the repaired are in every run": [
        "logs/test_conform.py::test_logs_of_the_model_conform[original-1.5]",
    ],
    "more than 255 levels: each way to keep states and each number of levels is asked, but not every pair": [
        *(
            f"engines/native/test_checkpoints.py::test_more_levels_than_a_byte_tells[{way}-{depth}]"
            for way, depths in {
                "kept": (253, 255, 517),
                "spill": (253, 254, 517),
                "converted 30": (254,),
                "1": (253, 254, 517),
                "compact": (254, 255, 517),
                "converted 0": (253, 255, 517),
                "converted 60": (253, 254, 255),
            }.items()
            for depth in depths
        ),
    ],
    "plots as PDF: those of two other formats are in every run": [
        "review/test_sweep.py::test_plots[.pdf]",
    ],
    "the whole table of fixes is searched": [
        "docs/test_fixes_page.py::test_the_tables_are_those_of_the_search",
        "docs/test_fixes_page.py::test_quotations_are_in_the_report",
    ],
}


def why_long(test: str) -> str | None:
    """What the test of this name does for so long; None for the others."""
    return _reason(LONG, test)


def why_on_request(test: str) -> str | None:
    """What the test of this name does, if it runs on request only."""
    return _reason(ON_REQUEST, test)


def _reason(table: Mapping[str, Sequence[str]], test: str) -> str | None:
    found = (why for why, names in table.items() if test.removeprefix("tests/").startswith(tuple(names)))
    return next(found, None)


EARLY = (
    "cli/test_prove.py::test_an_invariant_of_the_repaired_automation_is_found",
    "engines/test_positions.py::test_machine_code",
    "engines/test_random_systems.py::test_engines_and_formats_agree_with_the_oracle[",
    "engines/test_every_protocol.py::test_examples[broker",
    "engines/test_every_protocol.py::test_the_dns_protocol[original",
    "drive/dns/test_as_modelled.py::test_every_transition_of_two_enactors_happens",
    "engines/proof/test_proof.py::test_every_lemma_earns_its_place",
    "language/test_options.py::test_it_simulates_the_bounded_planner",
)
"""The longest of the long tests. They begin first: one that begins last leaves the other cores idle."""


def begins_early(test: str) -> bool:
    """Whether the test of this name is one of the longest."""
    return test.removeprefix("tests/").startswith(EARLY)
