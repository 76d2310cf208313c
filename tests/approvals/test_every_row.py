"""Every row of the engine's two tables, the commands and the cases, each invariant, and the tests that hold it."""

import importlib

import pytest

COMMANDS = {
    "submit": ("test_shell.test_a_run_asks_each_person_once", "test_flow.test_opening_again_is_the_same_request",
               "test_cases.test_too_few_people_left"),
    "approve, reject": ("test_shell.test_the_rest_needs_a_reviewer", "test_shell.test_the_other_sees_who_and_when",
                        "test_cases.test_comment_required", "test_cases.test_assurance_below_the_stage"),
    "revoke own vote": ("test_cases.test_revoke_own_vote",),
    "return, resubmit": ("test_cases.test_return_and_resubmit_carry_votes_of_untouched_stages",
                         "test_cases.test_rounds_are_limited",
                         "test_flow.test_a_returned_statement_comes_back_as_a_new_version_in_the_next_round"),
    "withdraw": ("test_cases.test_withdraw",),
    "forward, ask opinion": ("test_cases.test_forward", "test_cases.test_an_opinion_never_counts"),
    "add-sign, remove": ("test_cases.test_add_sign_before_and_after",
                         "test_cases.test_add_sign_beside_and_take_it_back"),
    "remind": ("test_cases.test_remind_is_throttled",),
    "subject_changed": ("test_cases.test_change_voids_the_votes_of_stages_that_watch_the_field",),
    "timer: remind, escalate, expire": ("test_flow.test_timers_remind_widen_and_expire",
                                        "test_cases.test_escalation_adds_candidates",
                                        "test_cases.test_a_timer_too_early_or_of_a_passed_stage_finds_nothing_to_do"),
    "cancel, rescue": ("test_cases.test_cancel_by_an_administrator_with_a_reason",
                       "test_cases.test_too_few_people_left"),
    "consume": ("test_shell.test_the_rest_needs_a_reviewer", "test_cases.test_approved_but_unused_lapses",
                "test_flow.test_a_batch_is_one_decision_and_each_statement_is_sent_once"),
}  # fmt: skip

CASES = {
    "two approvers at once": ("test_races.test_racing_clicks_close_each_stage_exactly_once",
                              "test_interleavings.test_every_interleaving_is_serial"),
    "late click on a closed stage": ("test_cases.test_late_click_on_a_closed_stage",
                                     "test_shell.test_a_late_click_is_refused"),
    "double click, replayed link or callback": (
        "test_cases.test_double_click", "test_shell.test_the_same_key_gets_the_same_answer_and_no_second_act",
        "test_links.test_a_link_shows_its_person_and_decides_once",
        "test_links.test_a_chat_button_decides_once_however_often_it_is_replayed"),
    "approve and reject at once": ("test_cases.test_approve_and_reject_at_once",),
    "approver loses the role": ("test_cases.test_approver_loses_the_role",
                                "test_interleavings.test_a_role_lost_before_the_click_is_not_there_after_it"),
    "document changes before the vote": ("test_cases.test_document_changes_before_the_vote",),
    "document changes after approval": ("test_cases.test_document_changes_after_approval",
                                        "test_shell.test_changed_after_approval_is_refused_at_consume"),
    "delegate is the submitter; acting for the submitter": (
        "test_cases.test_delegate_is_the_submitter_and_acting_for_the_submitter",),
    "A and B both delegate to C": ("test_cases.test_a_and_b_both_delegate_to_c",),
    "delegation": ("test_cases.test_delegation_is_half_open_and_one_deep",
                   "test_cases.test_delegation_for_other_kinds_of_documents",
                   "test_flow.test_a_delegate_decides_for_the_principal_until_the_grant_is_ended"),
    "too few people left": ("test_cases.test_too_few_people_left",
                            "test_opening.test_a_role_that_nobody_holds_makes_one_task_for_the_run"),
    "mail scanners and previews": ("test_links.test_a_link_shows_its_person_and_decides_once",
                                   "test_links.test_a_nonce_of_another_link_is_refused"),
    "forwarded mail": ("test_links.test_a_link_is_bound_to_its_stage",
                       "test_links.test_a_link_shows_its_person_and_decides_once",
                       "test_cases.test_assurance_below_the_stage"),
    "chat callback": ("test_forged_callbacks.test_forged_and_replayed_callbacks_decide_nothing",
                      "test_links.test_an_unmapped_chat_user_and_a_broken_value_decide_nothing"),
    "clocks": ("test_cases.test_clocks", "test_working_time.test_deadlines_know_holidays_and_make_up_days"),
    "bulk": ("test_bulk.test_each_of_many_has_its_own_result",
             "test_bulk.test_hundreds_are_decided_together_and_people_hear_once"),
    "email reply": ("inbound.test_receiving.test_a_reviewers_answer_by_mail_decides_nothing",),
    "Prefect or chat down": ("test_in_the_database.test_with_prefect_and_chat_down_decisions_work_and_effects_wait",),
}  # fmt: skip

INVARIANTS = {
    "approvals commute": ("test_properties.test_approvals_commute",),
    "one person and one authority, one vote": ("test_properties.test_no_game_breaks_a_rule",
                                               "test_cases.test_a_and_b_both_delegate_to_c"),
    "excluded people never count": ("test_properties.test_no_game_breaks_a_rule",),
    "approved: the policy's own seats are matched": (
        "test_properties.test_no_game_breaks_a_rule", "test_properties.test_matching_is_as_good_as_trying_every_way"),
    "add-sign never weakens": ("test_properties.test_no_game_breaks_a_rule",),
    "replay yields nothing": ("test_shell.test_the_same_key_gets_the_same_answer_and_no_second_act",
                              "test_races.test_racing_clicks_close_each_stage_exactly_once"),
    "a stale digest is refused": ("test_machine.test_no_sequence_of_commands_breaks_a_rule",),
    "consumed at most once, at the signed digest": ("test_machine.test_no_sequence_of_commands_breaks_a_rule",),
    "terminal states absorb": ("test_properties.test_no_game_breaks_a_rule",),
    "fold(acts) = projection after any crash": ("test_machine.test_no_sequence_of_commands_breaks_a_rule",
                                                "test_interleavings.test_every_interleaving_is_serial"),
    "a refusal writes nothing": ("test_in_the_database.test_a_refusal_writes_nothing",),
    "one outbox row per close": ("test_races.test_racing_clicks_close_each_stage_exactly_once",
                                 "test_opening.test_a_run_opens_what_each_statement_alone_would"),
    "a fired timer implies an open stage": (
        "test_cases.test_a_timer_too_early_or_of_a_passed_stage_finds_nothing_to_do",
        "test_bulk.test_hundreds_are_decided_together_and_people_hear_once"),
    "publishing a policy changes no open request": (
        "test_flow.test_a_policy_is_published_by_a_second_person_and_changes_no_open_request",),
    "simulation = reality on recorded history": ("test_flow.test_simulation_says_what_really_happened",),
    "the hash chain verifies": ("test_races.test_racing_clicks_close_each_stage_exactly_once",
                                "test_opening.test_the_text_of_an_act_is_its_canonical_json"),
    "interleavings are serialisable": ("test_interleavings.test_every_interleaving_is_serial",),
}  # fmt: skip


@pytest.mark.parametrize(("row", "tests"), [*COMMANDS.items(), *CASES.items(), *INVARIANTS.items()])
def test_the_row_has_its_tests(row: str, tests: tuple[str, ...]) -> None:
    """A test that was renamed or taken away leaves its row without proof."""
    assert tests, row
    for name in tests:
        module, _, function = name.rpartition(".")
        room = "tests" if "." in module else "tests.approvals"
        assert hasattr(importlib.import_module(f"{room}.{module}"), function), name
