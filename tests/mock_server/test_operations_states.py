from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.mock_server.conftest import Api

NOBODY = "00000000-0000-0000-0000-000000000001"
FINAL = ("COMPLETED", "FAILED", "CANCELLED", "CRASHED")


def propose(api: Api, run: Any, state: str, *, force: bool = False, **fields: Any) -> Any:
    """The status, the answer's status, its reason and the type of its state."""
    body = {"state": {"type": state, **fields}, "force": force}
    code, answer = api.ask("set_flow_run_state", body, id=run["id"])
    details = answer["details"]
    assert details["type"] == f"{answer['status'].lower()}_details"
    return code, answer["status"], details.get("reason"), answer["state"]["type"]


def accepted(api: Api, run: Any, state: str, **fields: Any) -> Any:
    """The run after a state that is accepted."""
    assert propose(api, run, state, **fields) == (201, "ACCEPT", None, state)
    return api("read_flow_run", id=run["id"])


def slots(api: Api, deployment: Any) -> int:
    return int(api.read(deployment)["global_concurrency_limit"]["active_slots"])


def test_the_life_of_a_run(api: Api) -> None:
    run = api.run(api.deployment())
    planned = run["next_scheduled_start_time"]
    pending = accepted(api, run, "PENDING")
    assert pending["next_scheduled_start_time"] is None
    assert pending["state"]["state_details"]["scheduled_time"] == planned
    api.clock.move(seconds=3)
    running = accepted(api, run, "RUNNING")
    assert running["run_count"] == 1
    assert running["estimated_start_time_delta"] == pytest.approx(3, abs=0.01)
    api.clock.move(seconds=60)
    now = api("read_flow_run", id=run["id"])
    assert (now["total_run_time"], now["estimated_run_time"]) == (0, pytest.approx(60, abs=0.01))
    done = accepted(api, run, "COMPLETED", message="fine")
    assert done["total_run_time"] == pytest.approx(60, abs=0.01)
    assert done["end_time"] > done["start_time"] == running["start_time"]
    assert done["state"]["message"] == "fine"
    assert done["state"]["state_details"]["flow_run_id"] == run["id"]
    again = accepted(api, run, "RUNNING")
    assert (again["run_count"], again["end_time"]) == (2, None)
    assert again["start_time"] == running["start_time"]


def test_an_unknown_run_is_told_in_words_of_its_own(api: Api) -> None:
    answer = api.ask("set_flow_run_state", {"state": {"type": "RUNNING"}}, id=NOBODY)
    assert answer == (404, {"exception_message": f"Flow run with id {NOBODY} not found"})


@pytest.mark.parametrize("state", ["CANCELLING", "PAUSED", "CRASHED"])
def test_what_has_ended_cannot_be_stopped(api: Api, state: str) -> None:
    run = api.run(api.deployment(), state={"type": "COMPLETED"})
    reason = "Run is already in terminal state COMPLETED."
    assert propose(api, run, state) == (200, "ABORT", reason, "COMPLETED")
    assert propose(api, run, state, force=True)[1] == "ACCEPT"


def test_pending_is_taken_once(api: Api) -> None:
    run = api.run(api.deployment(), state={"type": "PENDING"})
    reason = "This run is in a PENDING state and cannot transition to a PENDING state."
    assert propose(api, run, "PENDING") == (200, "ABORT", reason, "PENDING")
    assert propose(api, run, "PENDING", name="Submitting")[1] == "ACCEPT"
    assert propose(api, run, "PENDING", name="Submitting")[1] == "ABORT"


def test_too_early_is_told_to_wait(api: Api) -> None:
    later = {"scheduled_time": "2026-03-01T12:10:00Z"}
    state = {"type": "SCHEDULED", "state_details": later}
    run = api.run(api.deployment(), state=state)
    body = {"state": {"type": "RUNNING"}}
    code, answer = api.ask("set_flow_run_state", body, id=run["id"])
    assert (code, answer["status"], answer["state"]["type"]) == (200, "WAIT", "SCHEDULED")
    assert answer["details"]["delay_seconds"] == pytest.approx(600, abs=1)
    assert propose(api, run, "RUNNING", force=True)[1] == "ACCEPT"


def test_a_failure_is_tried_again_as_often_as_allowed(api: Api) -> None:
    policy = {"retries": 1, "retry_delay": 10}
    run = api.run(api.deployment(), empirical_policy=policy, state={"type": "RUNNING"})
    assert propose(api, run, "FAILED", message="m") == (201, "REJECT", "Retrying", "SCHEDULED")
    waiting = api("read_flow_run", id=run["id"])
    assert (waiting["state_name"], waiting["state"]["message"]) == ("AwaitingRetry", "m")
    assert waiting["empirical_policy"]["retry_type"] == "in_process"
    api.clock.move(seconds=11)
    assert accepted(api, run, "RUNNING")["run_count"] == 2
    assert accepted(api, run, "FAILED")["empirical_policy"]["retry_type"] is None


def test_pausing_and_resuming(api: Api) -> None:
    run = api.run(api.deployment())
    reason = "Cannot pause flows that are not currently running."
    assert propose(api, run, "PAUSED") == (200, "REJECT", reason, "SCHEDULED")
    accepted(api, run, "RUNNING")
    key = {"pause_key": "k"}
    paused = accepted(api, run, "PAUSED", state_details=key)
    assert paused["empirical_policy"]["pause_keys"] == ["k"]
    status, reason = propose(api, run, "PENDING")[1:3]
    assert status == "REJECT"
    assert reason.startswith("This run cannot transition to the StateType.PENDING state from")
    resumed = accepted(api, run, "RUNNING")
    assert resumed["run_count"] == 1
    reason = "This pause has already fired."
    assert propose(api, run, "PAUSED", state_details=key)[1:3] == ("REJECT", reason)


def test_cancelling_ends_in_cancelled_only(api: Api) -> None:
    run = api.run(api.deployment(), state={"type": "RUNNING"})
    accepted(api, run, "CANCELLING")
    assert propose(api, run, "COMPLETED")[1:] == (
        "REJECT",
        "Cannot transition flows that are cancelling to a state other than Cancelled.",
        "CANCELLING",
    )
    accepted(api, run, "CANCELLED")
    planned = api.run(api.deployment())
    reason = "Scheduled flow run has no infrastructure to terminate."
    assert propose(api, planned, "CANCELLING", force=True) == (201, "REJECT", reason, "CANCELLED")


def test_late_is_for_planned_runs_and_once(api: Api) -> None:
    run = api.run(api.deployment())
    accepted(api, run, "SCHEDULED", name="Late")
    reason = "This flow run is already marked late."
    assert propose(api, run, "SCHEDULED", name="Late")[1:3] == ("REJECT", reason)
    accepted(api, run, "RUNNING")
    reason = "Only scheduled flows can be marked late."
    assert propose(api, run, "SCHEDULED", name="Late")[1:3] == ("REJECT", reason)


def test_the_same_transition_twice_is_one(api: Api) -> None:
    run = api.run(api.deployment())
    details = {"transition_id": NOBODY}
    accepted(api, run, "RUNNING", state_details=details)
    answer = propose(api, run, "RUNNING", state_details=details)
    assert answer[:3] == (200, "REJECT", "This run has already made this state transition.")


def test_a_result_is_not_lost(api: Api) -> None:
    flow = api.flow()
    run = api("create_flow_run", {"flow_id": flow, "state": {"type": "RUNNING"}})
    accepted(api, run, "COMPLETED", data={"type": "file"})
    assert propose(api, run, "RUNNING")[1:3] == ("REJECT", "Run is already COMPLETED.")
    for force in (False, True):
        status, reason = propose(api, run, "COMPLETED", force=force)[1:3]
        assert status == "REJECT"
        assert reason.startswith("Cannot overwrite a COMPLETED state that carries persisted")
    assert propose(api, run, "COMPLETED", data={"type": "file"})[1] == "ACCEPT"


def test_a_run_of_no_deployment_is_not_rescheduled(api: Api) -> None:
    run = api("create_flow_run", {"flow_id": api.flow(), "state": {"type": "FAILED"}})
    reason = "Cannot reschedule a run without an associated deployment."
    assert propose(api, run, "SCHEDULED") == (200, "ABORT", reason, "FAILED")


# -- slots of the deployment's limit


def test_a_slot_is_taken_kept_and_given_back(api: Api) -> None:
    made = api.deployment(concurrency_limit=1)
    first, second = api.run(made), api.run(made)
    pending = accepted(api, first, "PENDING")
    lease = pending["state"]["state_details"]["deployment_concurrency_lease_id"]
    assert lease is not None
    assert slots(api, made) == 1
    reason = "Deployment concurrency limit reached."
    assert propose(api, second, "PENDING") == (201, "REJECT", reason, "SCHEDULED")
    assert api("read_flow_run", id=second["id"])["state_name"] == "AwaitingConcurrencySlot"
    running = accepted(api, first, "RUNNING")
    assert running["state"]["state_details"]["deployment_concurrency_lease_id"] == lease
    assert slots(api, made) == 1
    accepted(api, first, "COMPLETED")
    assert slots(api, made) == 0
    accepted(api, second, "PENDING")
    api("delete_flow_run", id=second["id"])
    assert slots(api, made) == 0


def test_a_waiting_run_survives_what_deletes_planned_ones(api: Api) -> None:
    made = api.deployment(concurrency_limit=1)
    accepted(api, api.run(made), "PENDING")
    waiting = api.run(made)
    propose(api, waiting, "PENDING")
    api("delete_deployment", id=made["id"])
    assert api("read_flow_run", id=waiting["id"])["state_name"] == "AwaitingConcurrencySlot"


def test_a_run_that_is_sent_to_wait_keeps_its_policy(api: Api) -> None:
    made = api.deployment(concurrency_limit=1)
    accepted(api, api.run(made), "PENDING")
    failed = api.run(made, state={"type": "FAILED"})
    assert propose(api, failed, "PENDING")[3] == "SCHEDULED"
    waiting = api("read_flow_run", id=failed["id"])
    assert waiting["empirical_policy"] == failed["empirical_policy"]


def test_what_collides_may_be_cancelled(api: Api) -> None:
    options = {"collision_strategy": "CANCEL_NEW"}
    made = api.deployment(concurrency_limit=1, concurrency_options=options)
    accepted(api, api.run(made), "PENDING")
    assert propose(api, api.run(made), "PENDING")[3] == "CANCELLED"


def test_a_limit_of_nothing_lets_nothing_pass(api: Api) -> None:
    limit = api("create_concurrency_limit_v2", {"name": "none", "limit": 0})["id"]
    run = api.run(api.deployment(global_concurrency_limit_id=limit))
    status, reason = propose(api, run, "PENDING")[1:3]
    assert status == "ABORT"
    assert reason.startswith("The deployment concurrency limit is 0.")


def test_a_run_of_a_deleted_deployment_cannot_be_submitted(api: Api) -> None:
    made = api.deployment()
    run = api.run(made, state={"type": "FAILED"})
    api("delete_deployment", id=made["id"])
    assert propose(api, run, "PENDING")[1:3] == ("ABORT", "Deployment not found.")


@pytest.mark.parametrize("state", FINAL)
def test_force_leads_anywhere(api: Api, state: str) -> None:
    run = api.run(api.deployment(), state={"type": state})
    for target in ("PENDING", "PAUSED", "RUNNING", "CANCELLING", "COMPLETED"):
        assert propose(api, run, target, force=True) == (201, "ACCEPT", None, target)
