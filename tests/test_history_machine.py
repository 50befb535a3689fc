"""Any sequence of saves, edits, labels, restores, deletions and their undoing, through the API,
against a model of dictionaries: they never differ."""

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    consumes,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)

texts = st.sampled_from(["One", "Two", "Three {{a}}", " padded \r\n", "Vier 👩‍👩‍👧"])
names = st.sampled_from(["production", "staging"])


class History(RuleBasedStateMachine):
    alice = None  # the caller, given by the test
    prompts = Bundle("prompts")

    @initialize()
    def start(self):
        """Each example begins with a library of its own."""
        for prompt in self.alice.get("/prompts").json():
            self.alice.delete(f"/prompts/{prompt['_id']}")
        for prompt in self.alice.get("/trash").json():
            self.alice.delete(f"/trash/{prompt['_id']}")
        self.model = {}

    @rule(target=prompts, content=texts)
    def save(self, content):
        body = {"title": "Title", "content": content, "model": "m"}
        saved = self.alice.post("/prompts", body)
        assert saved.status_code == 201
        key = saved.json()["_id"]
        self.model[key] = {"texts": [content], "labels": {}, "moves": {}, "is_live": True}
        return key

    @rule(key=prompts, content=texts)
    def edit(self, key, content):
        known = self.model[key]
        response = self.alice.patch(f"/prompts/{key}", {"content": content})
        if not known["is_live"]:
            assert response.status_code == 404
            return
        assert response.status_code == 200
        if content != known["texts"][-1]:
            known["texts"].append(content)

    @rule(key=prompts, number=st.integers(1, 5))
    def restore_version(self, key, number):
        known = self.model[key]
        response = self.alice.post(f"/prompts/{key}/versions/{number}/restore")
        if not known["is_live"] or number > len(known["texts"]):
            assert response.status_code == 404
        elif known["texts"][number - 1] == known["texts"][-1]:
            assert response.status_code == 200
        else:
            assert response.status_code == 201
            known["texts"].append(known["texts"][number - 1])

    @rule(key=prompts, name=names, number=st.integers(1, 5) | st.just("latest"))
    def set_label(self, key, name, number):
        known = self.model[key]
        path = f"/prompts/{key}/labels/{name}"
        response = self.alice.send("PUT", path, {"version": number})
        number = len(known["texts"]) if number == "latest" else number
        if not known["is_live"]:
            assert response.status_code == 404
        elif number > len(known["texts"]):
            assert response.status_code == 400
        else:
            assert response.status_code == (200 if name in known["labels"] else 201)
            self._move(known, name, number)

    @rule(key=prompts, name=names)
    def remove_label(self, key, name):
        known = self.model[key]
        response = self.alice.delete(f"/prompts/{key}/labels/{name}")
        if known["is_live"] and name in known["labels"]:
            assert response.status_code == 204
            self._move(known, name, None)
        else:
            assert response.status_code == 404

    @rule(key=prompts, name=names)
    def roll_back_label(self, key, name):
        known = self.model[key]
        response = self.alice.post(f"/prompts/{key}/labels/{name}/rollback")
        moves = known["moves"].get(name)
        if not known["is_live"] or not moves:
            assert response.status_code == 404
        elif moves[-1][0] is None:
            assert response.status_code == 409
        else:
            assert response.status_code == 200
            self._move(known, name, moves[-1][0])

    @rule(key=prompts)
    def delete(self, key):
        response = self.alice.delete(f"/prompts/{key}")
        assert response.status_code == (204 if self.model[key]["is_live"] else 404)
        self.model[key]["is_live"] = False

    @rule(key=prompts)
    def bring_back(self, key):
        response = self.alice.post(f"/trash/{key}/restore")
        assert response.status_code == (404 if self.model[key]["is_live"] else 200)
        self.model[key]["is_live"] = True

    @rule(key=consumes(prompts))
    def destroy(self, key):
        response = self.alice.delete(f"/trash/{key}")
        if self.model[key]["is_live"]:
            assert response.status_code == 404
            self.alice.delete(f"/prompts/{key}")
            assert self.alice.delete(f"/trash/{key}").status_code == 204
        else:
            assert response.status_code == 204
        del self.model[key]

    @invariant()
    def the_service_and_the_model_are_equal(self):
        if not hasattr(self, "model"):
            return
        for path, is_live in (("/prompts", True), ("/trash", False)):
            shown = {prompt["_id"]: prompt for prompt in self.alice.get(path).json()}
            assert set(shown) == {
                k for k, known in self.model.items() if known["is_live"] is is_live
            }
            for key, prompt in shown.items():
                known = self.model[key]
                assert prompt["content"] == known["texts"][-1]
                assert prompt["version"] == len(known["texts"])
                assert prompt["labels"] == known["labels"]
        for key, known in self.model.items():
            if known["is_live"]:
                self._histories_are_equal(key, known)

    def _histories_are_equal(self, key, known):
        versions = self.alice.get(f"/prompts/{key}/versions").json()
        assert [v["content"] for v in reversed(versions)] == known["texts"]
        assert [v["number"] for v in reversed(versions)] == list(range(1, len(versions) + 1))
        labels = self.alice.get(f"/prompts/{key}/labels").json()
        assert {label["name"]: label["version"] for label in labels} == known["labels"]
        for name, moves in known["moves"].items():
            history = self.alice.get(f"/prompts/{key}/labels/{name}/history").json()
            assert [(move["from"], move["to"]) for move in reversed(history)] == moves
        for name, number in known["labels"].items():
            shown = self.alice.get(f"/prompts/{key}?label={name}").json()
            assert shown["content"] == known["texts"][number - 1]

    @staticmethod
    def _move(known, name, number):
        before = known["labels"].get(name)
        if number == before:
            return
        known["moves"].setdefault(name, []).append((before, number))
        known["labels"].pop(name, None)
        if number is not None:
            known["labels"][name] = number


def test_any_sequence_of_changes_leaves_what_the_model_says(alice):
    History.alice = alice
    run_state_machine_as_test(
        History,
        settings=settings(
            max_examples=25,
            stateful_step_count=25,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )


def test_the_machine_can_walk(alice):
    """That the model is not trivially empty: one walk, step by step."""
    History.alice = alice
    machine = History()
    machine.start()
    key = machine.save(content="One")
    machine.edit(key=key, content="Two")
    machine.set_label(key=key, name="production", number="latest")
    machine.edit(key=key, content="Three {{a}}")
    machine.delete(key=key)
    machine.bring_back(key=key)
    machine.the_service_and_the_model_are_equal()
    assert machine.model[key]["texts"] == ["One", "Two", "Three {{a}}"]
    assert machine.model[key]["labels"] == {"production": 2}
