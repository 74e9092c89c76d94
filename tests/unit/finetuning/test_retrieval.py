from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from infra.local.finetuning.engine import Dataset, Hyperparameters, Message, Sampling, TrainingCancelled
from infra.local.finetuning.retrieval.engine import RetrievalEngine
from infra.local.finetuning.retrieval.ranking import FEATURES, UNFITTED
from tests.unit.finetuning.conftest import RecordingWatch
from tests.unit.finetuning.dialogue import TIMES, TOPICS, conversations, dataset, small_talk, turns

if TYPE_CHECKING:
    from pathlib import Path

    from infra.local.finetuning.retrieval.model import RetrievalModel
    from tests.unit.finetuning.conftest import Train

GREEDY = Sampling(temperature=0)
QUESTIONS = (
    "밥은 드셨습니까?",
    "우산 있어요?",
    "영화 좋아하세요?",
    "qwerty",
    "",
    "커피 한 잔?",
    "회의실은요?",
)


def ask(model: RetrievalModel, *texts: str, sampling: Sampling = GREEDY) -> str:
    """Talk with the model: the last text is the user's, and the roles alternate before it."""
    roles = ("user", "assistant")
    messages = [Message(roles[(len(texts) - at + 1) % 2], text) for at, text in enumerate(texts)]
    return "".join(piece.text for piece in model.reply(messages, sampling))


@pytest.mark.parametrize("side", ["minji", "park"])
def test_a_side_sounds_like_itself_and_never_like_the_other(train: Train, side: str) -> None:
    model = train(dataset(side))
    samplings = [GREEDY, *(Sampling(temperature=1.5, seed=seed) for seed in range(20))]
    answers = {ask(model, question, sampling=how) for question in QUESTIONS for how in samplings}
    assert answers <= turns(side)
    assert len(answers) > len(TOPICS)


def test_the_other_sides_questions_get_the_answers_they_got(minji: RetrievalModel) -> None:
    found = [ask(minji, f"{TIMES[0]} {question}") for _, _, question, _ in TOPICS]
    assert found == [f"{casual} {TIMES[0]}~" for *_, casual in TOPICS]


def test_another_wording_of_a_question_finds_its_answer(minji: RetrievalModel) -> None:
    assert "배터지게" in ask(minji, "식사 하셨어요?")
    assert "아아 한잔" in ask(minji, "혹시 커피를 마시겠습니까")


def test_earlier_turns_decide_between_equal_questions(train: Train) -> None:
    talk = [
        ("강아지 데려왔어", "우와 귀엽겠당", "이름이 뭐야?", "콩이래!!"),
        ("새 차 샀어", "부럽다아", "이름이 뭐야?", "붕붕이로 할랭"),
    ]
    roles = ("user", "assistant", "user", "assistant")
    pairs = tuple(
        tuple(Message(role, text) for role, text in zip(roles, lines, strict=True)) for lines in talk
    )
    model = train(Dataset("chat", pairs + conversations("minji")))
    for first, second, question, answer in talk:
        assert ask(model, first, second, question) == answer


def test_nothing_alike_is_answered_with_a_short_habit(train: Train) -> None:
    habits = [
        (Message("user", f"이야기 {number}"), Message("assistant", "그니까ㅋㅋ")) for number in range(12)
    ]
    model = train(Dataset("chat", (*habits, *conversations("minji"))))
    assert ask(model, "zxcv") == "그니까ㅋㅋ"


def test_a_turn_that_stands_in_the_conversation_is_not_said_again(minji: RetrievalModel) -> None:
    question = f"{TIMES[0]} {TOPICS[0][2]}"
    first = ask(minji, question)
    second = ask(minji, question, first, question)
    third = ask(minji, question, first, question, second, question)
    assert len({first, second, third}) == 3


def test_the_only_turn_a_persona_ever_said_is_repeated_rather_than_nothing(train: Train) -> None:
    model = train(Dataset("chat", ((Message("user", "뭐해"), Message("assistant", "일해")),) * 10))
    assert ask(model, "뭐해", "일해", "뭐해") == "일해"


def test_a_seed_repeats_an_answer_and_seeds_differ(minji: RetrievalModel) -> None:
    hot = [ask(minji, "오늘 어때요?", sampling=Sampling(temperature=2, seed=seed)) for seed in range(15)]
    again = [ask(minji, "오늘 어때요?", sampling=Sampling(temperature=2, seed=seed)) for seed in range(15)]
    assert hot == again
    assert len(set(hot)) > 3


def test_a_small_nucleus_is_greedy(minji: RetrievalModel) -> None:
    wanted = ask(minji, "오늘 어때요?")
    answers = {ask(minji, "오늘 어때요?", sampling=Sampling(2, top_p=0.0, seed=seed)) for seed in range(10)}
    assert answers == {wanted}


def test_a_limit_cuts_after_that_many_characters(minji: RetrievalModel) -> None:
    whole = ask(minji, "식사 하셨어요?")
    pieces = list(minji.reply([Message("user", "식사 하셨어요?")], Sampling(0, max_tokens=5)))
    assert "".join(piece.text for piece in pieces) == whole[:5]
    assert [piece.finish for piece in pieces][-1] == "length"
    assert sum(piece.tokens for piece in pieces) == 5


def test_weightless_turns_are_context_and_never_answers(train: Train) -> None:
    hidden = "절대 말하지 않을 문장"
    example = (
        Message("user", "비밀 알려줘"),
        Message("assistant", hidden, learned=False),
        Message("user", "왜"),
        Message("assistant", "몰라ㅋㅋ"),
    )
    model = train(Dataset("chat", (example, *conversations("minji"))))
    assert hidden not in model.memory.replies
    assert ask(model, "비밀 알려줘", hidden, "왜") == "몰라ㅋㅋ"


def test_a_completion_comes_with_its_stop_sequence_and_chat_without(train: Train) -> None:
    pairs = tuple(
        (
            Message("user", f"Park: {time} {question}\n\n###\n\n"),
            Message("assistant", f" {casual} {time} END"),
        )
        for time in TIMES
        for _, _, question, casual in TOPICS
    )
    model = train(Dataset("completions", pairs))
    prompt = f"Park: {TIMES[1]} {TOPICS[3][2]}\n\n###\n\n"
    completion = "".join(piece.text for piece in model.complete(prompt, GREEDY))
    assert completion == f" {TOPICS[3][3]} {TIMES[1]} END"
    assert ask(model, f"{TIMES[1]} {TOPICS[3][2]}") == f"{TOPICS[3][3]} {TIMES[1]}"


def test_fitting_learns_which_part_of_a_context_matters(train: Train, watch: RecordingWatch) -> None:
    model = train(small_talk())
    *epochs, comparison = watch.metrics
    assert len(epochs) == 10
    assert epochs[-1]["train_loss"] < epochs[0]["train_loss"]
    assert epochs[-1]["valid_loss"] < epochs[0]["valid_loss"]
    assert comparison["valid_likeness"] > 1.5 * comparison["valid_likeness_by_chance"]
    learned = dict(zip(FEATURES, model.weights - UNFITTED, strict=True))
    assert learned["earlier"] > 0 > learned["question"]


def test_a_validation_file_is_what_is_measured(tmp_path: Path) -> None:
    engine = RetrievalEngine()
    plan = engine.plan(Hyperparameters(n_epochs=1), 30)
    found: dict[str, float] = {}
    for side in ("minji", "park"):
        folder = tmp_path / side
        folder.mkdir()
        watch = RecordingWatch()
        engine.train(dataset("minji"), dataset(side), plan, seed=1, folder=folder, watch=watch)
        found[side] = watch.metrics[-1]["valid_likeness"]
    assert found["minji"] > 0.9
    assert found["park"] < 0.3


def test_the_same_seed_trains_the_same_model(tmp_path: Path) -> None:
    engine = RetrievalEngine()
    folders = [tmp_path / name for name in ("one", "two")]
    for folder in folders:
        folder.mkdir()
        plan = engine.plan(Hyperparameters(batch_size=4), 30)
        engine.train(dataset("park"), None, plan, seed=3, folder=folder, watch=RecordingWatch())
    one, two = ({path.name: path.read_bytes() for path in folder.iterdir()} for folder in folders)
    assert one == two


@pytest.mark.parametrize("patience", [0, 3, 30])
def test_a_cancelled_training_stops_where_it_is(tmp_path: Path, patience: int) -> None:
    engine = RetrievalEngine()
    plan = engine.plan(Hyperparameters(), 30)
    with pytest.raises(TrainingCancelled):
        engine.train(dataset("park"), None, plan, seed=3, folder=tmp_path, watch=RecordingWatch(patience))
    assert not list(tmp_path.iterdir())
