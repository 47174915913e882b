import MartletCore
import Testing

@testable import Project

@Suite struct OverrideTests {
  private let text = """
    name: a
    task: image-classification
    data: {dataset: x, augment: [{flip: vertical}]}
    training:
      epochs: 5
      optimizer: {sgd: {learning-rate: 0.5, momentum: 0.1}}
    """

  private func parse(_ overrides: String...) throws -> Project { try ProjectFile.parse(text, overrides: overrides) }

  private func lines(_ overrides: String...) -> [String] {
    let error = #expect(throws: ProjectError.self) { try ProjectFile.parse(text, overrides: overrides) }
    return error?.problems.map { $0.text(file: "f") } ?? []
  }

  @Test func replacesAndAdds() throws {
    #expect(try parse("training.epochs=3").training.epochs == 3)
    #expect(try parse("training.epochs=3", "training.epochs=4").training.epochs == 4)
    #expect(try parse("serve.port=1").serve.port == 1)
    #expect(try parse("data.size=[8, 9]").data.size == .fixed(height: 8, width: 9))
    #expect(try parse("data.augment=[]").data.augment.isEmpty)
    #expect(try parse("evaluation.require.accuracy=0.9").evaluation.require == ["accuracy": 0.9])
    #expect(try parse("description='a: b'").description == "a: b")
    #expect(try parse("description=a = b").description == "a = b")
  }

  @Test func keepsTheOtherSettingsOfAChoice() throws {
    let same = try parse("training.optimizer.sgd.momentum=0.7").training.optimizer
    #expect(
      same == NamedChoice("sgd", ["learning-rate": 0.5, "weight-decay": 0, "momentum": 0.7, "nesterov": false, "dampening": 0]))
    let other = try parse("training.optimizer.adamw.learning-rate=0.2").training.optimizer
    #expect(other.name == "adamw" && other.number("learning-rate") == 0.2 && other.number("weight-decay") == 0.01)
    #expect(try parse("training.optimizer=adamw").training.optimizer.number("learning-rate") == 0.001)
    #expect(try parse("model.cnn.dropout=0").model == NamedChoice("cnn", ["widths": [32, 64], "hidden": 128, "dropout": 0]))
    #expect(
      try parse("training.schedule.one-cycle=0.1", "training.schedule.one-cycle.warm-up=0.5").training.schedule
        == NamedChoice("one-cycle", ["max": 0.1, "warm-up": 0.5]))
  }

  @Test func problemsNameTheArgument() {
    #expect(lines("training.epoch=3") == ["--set training.epoch=3: unknown key 'epoch'; did you mean 'epochs'?"])
    #expect(lines("training.epochs=x") == ["--set training.epochs=x: training.epochs is 'x'; expected a whole number from 1 to 100000"])
    #expect(lines("training.epochs=") == ["--set training.epochs=: training.epochs is empty; expected a whole number from 1 to 100000"])
    #expect(lines("training") == ["--set training: there is no '='; expected KEY=VALUE, such as training.epochs=3"])
    #expect(lines("=3") == ["--set =3: '' is not the path of a key; expected words with dots between them"])
    #expect(lines("a..b=3") == ["--set a..b=3: 'a..b' is not the path of a key; expected words with dots between them"])
    #expect(lines("name=[") == ["--set name=[: the value is not YAML on one line; expected such as 3, true, text or [1, 2]"])
    #expect(
      lines("training.optimizer.foo.x=1") == [
        "--set training.optimizer.foo.x=1: unknown key 'foo'; known here: adamw, adam, sgd, rmsprop, adagrad, adadelta and 7 more (martlet schema lists them)"
      ])
    #expect(
      lines("training.epochs.x=1") == ["--set training.epochs.x=1: training.epochs is a mapping; expected a whole number from 1 to 100000"])
  }

  @Test func mendsTheFile() throws {
    let broken = "name: a\ntask: image-classification\ndata: {dataset: x}\ntraining: {epochs: five}\n"
    #expect(try ProjectFile.parse(broken, overrides: ["training.epochs=5"]).training.epochs == 5)
  }
}
