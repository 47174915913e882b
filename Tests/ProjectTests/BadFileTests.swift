import MartletCore
import Testing

@testable import Project

/// A file and everything that has to be said about it.
struct BadFile: Sendable, CustomTestStringConvertible {
  let text: String
  let lines: [String]

  init(_ text: String, _ lines: String...) {
    self.text = text
    self.lines = lines
  }

  var testDescription: String { lines.first ?? text }
}

/// The first lines of a file that is right so far; what follows starts on line 5.
private let head = "name: a\ntask: image-classification\ndata:\n  dataset: fashion-mnist\n"

private func training(_ lines: String, _ expected: String) -> BadFile {
  BadFile(head + "training:\n  " + lines + "\n", "martlet.yml:6:" + expected)
}

private func data(_ lines: String, _ expected: String) -> BadFile { BadFile(head + "  " + lines + "\n", "martlet.yml:5:" + expected) }

private let keys: [BadFile] = [
  BadFile("", "martlet.yml: the file is empty; expected name, task and data; see: martlet schema"),
  BadFile("# nothing\n", "martlet.yml: the file is empty; expected name, task and data; see: martlet schema"),
  BadFile("---\n", "martlet.yml: the file has no keys; expected name, task and data; see: martlet schema"),
  BadFile(
    "just words\n",
    "martlet.yml:1:1: the project is 'just words'; expected a mapping with the keys name, task, description, data, model, transfer, training, "
      + "evaluation, gates, serve, stream and output"),
  BadFile(
    "- a\n- b\n",
    "martlet.yml:1:1: the project is a list; expected a mapping with the keys name, task, description, data, model, transfer, training, "
      + "evaluation, gates, serve, stream and output"),
  BadFile(
    "{}\n", "martlet.yml:1:1: 'name' is missing; expected a name of lower-case letters, digits, '-', '_' and '.'",
    "martlet.yml:1:1: 'task' is missing; expected image-classification, classification, regression, clustering, anomaly-detection, language-model, text-classification, token-classification, embedding, translation or multi-task",
    "martlet.yml:1:1: 'data' is missing; expected a mapping with the keys dataset, train, test, validation, size, channels, normalize, "
      + "labels, augment and limit"),
  BadFile(
    "nmae: a\ntask: image-classification\ndata: {dataset: x}\n", "martlet.yml:1:1: unknown key 'nmae'; did you mean 'name'?"),
  training("epoch: 3", "3: unknown key 'epoch'; did you mean 'epochs'?"),
  training(
    "learningRate: 3",
    "3: unknown key 'learningRate'; known here: epochs, batch, optimizer, schedule, clip, clip-value, accumulate, "
      + "precision, penalty, decay-weights-only, layer-decay, sharpness-aware, averaging, mixing, sampling, label-smoothing, class-weights,"
      + " early-stopping, checkpoint-every, seed, threads, workers, tensorboard, diagnostics"
  ),
  training("labelSmoothing: 0.1", "3: unknown key 'labelSmoothing'; did you mean 'label-smoothing'?"),
  training("label_smoothing: 0.1", "3: unknown key 'label_smoothing'; did you mean 'label-smoothing'?"),
  training("normalize: auto", "3: unknown key 'normalize'; did you mean 'data.normalize'?"),
  BadFile(head + "epochs: 3\n", "martlet.yml:5:1: unknown key 'epochs'; did you mean 'training.epochs'?"),
  BadFile(head + "? [a, b]\n: 3\n", "martlet.yml:5:3: a key that is not a word"),
  BadFile(head + "name: b\n", "martlet.yml:5:1: duplicate key 'name'; it is on line 1 already"),
  BadFile(
    head + "name: b\ntraining:\n  epochs: 1\n  batch: 0\n  epochs: 2\n  \"epochs\": 3\n",
    "martlet.yml:5:1: duplicate key 'name'; it is on line 1 already",
    "martlet.yml:8:10: training.batch is 0; expected a whole number from 1 to 65536",
    "martlet.yml:9:3: duplicate key 'epochs'; it is on line 7 already",
    "martlet.yml:10:3: duplicate key 'epochs'; it is on line 9 already"),
]

private let values: [BadFile] = [
  training("epochs: five", "11: training.epochs is 'five'; expected a whole number from 1 to 100000"),
  training("epochs: 0", "11: training.epochs is 0; expected a whole number from 1 to 100000"),
  training("epochs: 2.5", "11: training.epochs is 2.5; expected a whole number from 1 to 100000"),
  training("epochs: '5'", "11: training.epochs is '5'; expected a whole number from 1 to 100000"),
  training("epochs:", "10: training.epochs is empty; expected a whole number from 1 to 100000"),
  training("epochs: [5]", "11: training.epochs is a list; expected a whole number from 1 to 100000"),
  training("epochs: {a: 5}", "11: training.epochs is a mapping; expected a whole number from 1 to 100000"),
  training("epochs: 99999999999999999999", "11: training.epochs is 99999999999999999999; expected a whole number from 1 to 100000"),
  training("seed: -1", "9: training.seed is -1; expected a whole number of 0 or more"),
  training("clip: 0", "9: training.clip is 0; expected a number above 0"),
  training("clip: .nan", "9: training.clip is .nan; expected a number above 0"),
  training("clip: 1e999", "9: training.clip is 1e999; expected a number above 0"),
  training("label-smoothing: 1", "20: training.label-smoothing is 1; expected a number from 0 to below 1"),
  training("class-weights: balance", "18: training.class-weights is 'balance'; expected none or balanced; did you mean 'balanced'?"),
  training("threads: 0", "12: training.threads is 0; expected auto or a whole number from 1 to 1024"),
  training("threads: many", "12: training.threads is 'many'; expected auto or a whole number from 1 to 1024"),
  training(
    "optimizer: adamm",
    "14: training.optimizer is 'adamm'; expected one of adamw, adam, sgd, rmsprop, adagrad, adadelta and 7 more (martlet schema lists them); did you mean 'adam'?"
  ),
  training("optimizer: {adm: {}}", "15: unknown key 'adm'; did you mean 'adam'?"),
  training("optimizer: {sgd: {}, adamw: {}}", "24: training.optimizer has sgd and adamw; expected only one of them"),
  training(
    "optimizer: {}",
    "14: training.optimizer is a mapping; expected one of adamw, adam, sgd, rmsprop, adagrad, adadelta and 7 more (martlet schema lists them)"
  ),
  training(
    "optimizer: 3",
    "14: training.optimizer is 3; expected one of adamw, adam, sgd, rmsprop, adagrad, adadelta and 7 more (martlet schema lists them)"),
  training("optimizer: {sgd: {nesterov: yes}}", "31: training.optimizer.sgd.nesterov is 'yes'; expected true or false; write true"),
  training("optimizer: {sgd: {momentum: 1}}", "31: training.optimizer.sgd.momentum is 1; expected a number from 0 to below 1"),
  training(
    "optimizer: {adamw: {betas: [0.9]}}",
    "30: training.optimizer.adamw.betas is a list; expected a list of 2, each a number from 0 to below 1"),
  training("optimizer: {adamw: {betas: [0.9, 1]}}", "36: training.optimizer.adamw.betas[1] is 1; expected a number from 0 to below 1"),
  training("optimizer: {sgd: {lr: 1}}", "21: unknown key 'lr'; known here: learning-rate, weight-decay, momentum, nesterov, dampening"),
  training("schedule: {one-cycle: {warm-up: 0}}", "35: training.schedule.one-cycle.warm-up is 0; expected a number between 0 and 1"),
  training("schedule: {constant: {max: 1}}", "25: unknown key 'max'; it has no settings"),
  training(
    "early-stopping: {metric: loss}",
    "28: training.early-stopping.metric is 'loss'; expected validation/loss or validation/accuracy"),
  BadFile(
    "name: A b\n" + head.dropFirst(8), "martlet.yml:1:7: name is 'A b'; expected a name of lower-case letters, digits, '-', '_' and '.'"),
  BadFile(
    "name: 3\n" + head.dropFirst(8),
    "martlet.yml:1:7: name is 3; expected a name of lower-case letters, digits, '-', '_' and '.'; write '3' in quotes"),
  BadFile(
    "name: a\ntask: image-clasification\ndata: {dataset: x}\n",
    "martlet.yml:2:7: task is 'image-clasification'; expected image-classification, classification, regression, clustering, anomaly-detection, language-model, text-classification, token-classification, embedding, translation or multi-task; did you mean 'image-classification'?"
  ),
  BadFile(
    head + "model: resnet\n",
    "martlet.yml:5:8: model is 'resnet'; expected one of mlp, lenet, cnn, resnet18, resnet34, resnet50 and 42 more (martlet schema lists them); did you mean 'resnet18'?"
  ),
  BadFile(
    head + "model: {cnn: {widths: []}}\n",
    "martlet.yml:5:23: model.cnn.widths is an empty list; expected a list, each a whole number from 1 to 1000000"),
  BadFile(head + "serve: {port: 70000}\n", "martlet.yml:5:15: serve.port is 70000; expected a whole number from 0 to 65535"),
  BadFile(head + "output: ''\n", "martlet.yml:5:9: output is ''; expected a path"),
  BadFile(head + "evaluation: {require: {accuracy: high}}\n", "martlet.yml:5:34: evaluation.require.accuracy is 'high'; expected a number"),
  BadFile(head + "evaluation: {intervals: 95}\n", "martlet.yml:5:25: evaluation.intervals is 95; expected a number from 0.5 to below 1"),
]

private let dataValues: [BadFile] = [
  data("train: {folder: x}", "3: 'dataset' and 'train' exclude each other; keep one of them"),
  data("size: [28]", "9: data.size is a list; expected a list of 2, each a whole number from 1 to 4096"),
  data("size: [28, 0]", "14: data.size[1] is 0; expected a whole number from 1 to 4096"),
  data("channels: 2", "13: data.channels is 2; expected auto or 1 or 3"),
  data("normalize: {mean: [0.5]}", "14: 'data.normalize.std' is missing; expected a list, each a number above 0"),
  data("augment: [{flip: diagonal}]", "20: data.augment[0].flip is 'diagonal'; expected horizontal or vertical"),
  data(
    "augment: [flop]",
    "13: data.augment[0] is 'flop'; expected one of crop, flip, rotate, shift, resized-crop, affine and 22 more (martlet schema lists them); did you mean 'flip'?"
  ),
  data(
    "augment: flip",
    "12: data.augment is 'flip'; expected a list, each one of crop, flip, rotate, shift, resized-crop, affine and 22 more (martlet schema lists them)"
  ),
  data("validation: 1", "15: data.validation is 1; expected a number from 0 to below 1 or one of idx, folder, csv"),
  data("validation: {idx: {images: a}}", "21: 'data.validation.idx.labels' is missing; expected the path of a file"),
  data("labels: [a, 3]", "15: data.labels[1] is 3; expected text; write '3' in quotes"),
  BadFile("name: a\ntask: image-classification\ndata:\n  size: 28\n", "martlet.yml:4:3: data.dataset or data.train is missing"),
  BadFile(
    "name: a\ntask: image-classification\ndata: fashion\n",
    "martlet.yml:3:7: data is 'fashion'; expected a mapping with the keys dataset, train, test, validation, size, channels, normalize, "
      + "labels, augment and limit"),
  BadFile(
    "name: a\ntask: image-classification\ndata:\n  train: folder\n",
    "martlet.yml:4:10: 'data.train.folder.path' is missing; expected the path of a folder"),
]

private let syntax: [BadFile] = [
  BadFile(
    "name: a\n\ttask: b\ndata:\n\t- c\n", "martlet.yml:2:1: a tab character in the indentation; use spaces",
    "martlet.yml:4:1: a tab character in the indentation; use spaces"),
  BadFile(
    "name: a: b\n",
    "martlet.yml:1:8: not valid YAML: mapping values are not allowed in this context; put a text with ': ' in quotes, or check the "
      + "indentation"),
  BadFile("name: [a\n", "martlet.yml:2:1: not valid YAML: while parsing a flow sequence, did not find expected ',' or ']'"),
  BadFile("name: 'a\n", "martlet.yml:2:1: not valid YAML: while scanning a quoted scalar, found unexpected end of stream"),
  BadFile("name: a\ntask: *b\n", "martlet.yml:2:7: not valid YAML: found undefined alias; put a text that begins with '*' in quotes"),
  BadFile("name: a\n---\nname: b\n", "martlet.yml:2:1: a second document begins here; keep one project in one file"),
  BadFile("name: a\nta\u{1}sk: b\n", "martlet.yml:2:3: not valid YAML: control characters are not allowed"),
  BadFile("name: @a\n", "martlet.yml:1:7: not valid YAML: while scanning for the next token, found character that cannot start any token"),
  BadFile("name: a\n<<: 3\n", "martlet.yml:2:1: '<<' merges 3; expected an alias of a mapping"),
]

@Suite struct BadFileTests {
  @Test(arguments: keys + values + dataValues + syntax)
  func saysWhatIsWrong(_ file: BadFile) {
    let error = #expect(throws: ProjectError.self) { try ProjectFile.parse(file.text) }
    #expect(error?.problems.map { $0.text(file: "martlet.yml") } == file.lines)
  }

  @Test func thereAreEnough() { #expect((keys + values + dataValues + syntax).count >= 40) }

  @Test func everyProblemIsFoundInOneGo() {
    let text = "name: A\ntask: x\ndata: {dataset: Y, size: -1}\ntraining: {epochs: no, optimizer: {sgd: {momentum: 2}}}\nfoo: 1\n"
    let error = #expect(throws: ProjectError.self) { try ProjectFile.parse(text) }
    #expect(
      error?.problems.map(\.key) == [
        "name", "task", "data.dataset", "data.size", "training.epochs", "training.optimizer.sgd.momentum", "foo",
      ])
    #expect(error?.description.split(separator: "\n").count == 7)
  }
}
