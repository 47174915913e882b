import MartletCore
import Testing

@testable import Project

@Suite struct TextProjectTests {
  private func text(_ text: String, _ overrides: String...) throws -> TextProject {
    try #require(try ProjectFile.parseAny(text, overrides: overrides).text)
  }

  private func problems(_ text: String) -> [String] {
    do {
      _ = try ProjectFile.parseAny(text)
      return []
    } catch {
      return error.problems.map { $0.text(file: "martlet.yml") }
    }
  }

  @Test func defaultsAreFilledIn() throws {
    let project = try text("name: bible\ntask: language-model\ndata: {file: kjv.txt}\n")
    #expect(project.model.name == "decoder" && project.model.whole("layers") == 4 && project.model.whole("context") == 256)
    #expect(project.adapter == NamedChoice("whole") && project.objective == NamedChoice("causal", ["packing": "stream"]))
    #expect(project.tokenizer == nil && project.loss == nil && project.teacher == nil && project.augment == nil && !project.recompute)
    #expect(project.data.text == "text" && project.data.unit == .line)
    #expect(project.data.test == .share(0.1) && project.data.validation == 0.05)
    #expect(project.training.epochs == 3 && project.training.batch == 16 && project.training.clip == 1)
    #expect(project.training.optimizer.number("learning-rate") == 1e-3 && project.training.schedule.name == "cosine")
    #expect(project.evaluation == TextJudging(examples: 8, prompts: [], require: [:]))
    let reviews = try text("name: r\ntask: text-classification\ndata: {file: r.csv}\n")
    #expect(reviews.model == NamedChoice("pretrained", ["path": "minilm"]) && reviews.data.label == "label")
    #expect(reviews.training.optimizer.number("learning-rate") == 1e-4)
    #expect(try text("name: t\ntask: translation\ndata: {file: t.csv}\n").model.name == "encoder-decoder")
  }

  @Test func everythingIsReadAndWritten() throws {
    let given = """
      name: reviews
      task: text-classification
      data: {dataset: reviews-en, file: train.csv, label: stars, separator: ";", length: 96, validation: 0, test: {file: test.csv}}
      model: {encoder: {layers: 2, width: 64, heads: 4}}
      tokenizer: {wordpiece: 500}
      adapter: {lora: {rank: 4, quantization: nf4}}
      teacher: {distill: {path: big, weight: 0.7}}
      augment: {deletion: 0.2}
      recompute: true
      training: {epochs: 2, class-weights: balanced}
      evaluation: {require: {f1_micro: 0.5}}
      """
    let project = try text(given, "adapter.lora.rank=8")
    #expect(project.adapter.whole("rank") == 8 && project.adapter.word("quantization") == "nf4")
    #expect(project.data.test == .file("test.csv") && project.data.separator == ";" && project.data.file?.values == ["train.csv"])
    #expect(project.tokenizer == NamedChoice("wordpiece", ["vocabulary": 500]) && project.teacher?.number("weight") == 0.7)
    #expect(project.augment == TextAugmentation(deletion: 0.2, swap: 0.1, replacement: 0.1, synonyms: nil) && project.recompute)
    #expect(project.training.classWeights == .balanced)
    let any = AnyProject.text(project)
    #expect(any.text == project && any.table == nil && any.images == nil && any.task == .textClassification && any.seed == 1)
    #expect(try JSON.decode(AnyProject.self, from: JSON.encode(any), source: "test") == any)
  }

  @Test func headsAreProjectsOfTheirOwn() throws {
    let project = try text(
      """
      name: several
      task: multi-task
      data: {length: 32, limit: 100}
      heads:
        topic: {text-classification: {file: t.csv, label: kind}}
        names: {token-classification: {file: [a.conll, b.conll], weight: 2, test: {file: c.conll}}}
        meaning: {embedding: {file: p.csv, loss: cosine, score: s, weight: 0.5}}
      mixing: turns
      """)
    #expect(project.mixing == "turns" && project.data.length == 32 && project.data.file == nil)
    let heads = try project.headProjects()
    #expect(heads.map(\.name) == ["meaning", "names", "topic"] && heads.map(\.weight) == [0.5, 2, 1])
    #expect(heads.map(\.project.task) == [.embedding, .tokenClassification, .textClassification])
    #expect(
      heads[0].project.loss == NamedChoice("cosine") && heads[0].project.data.score == "s" && heads[0].project.data.anchor == "anchor")
    #expect(heads[1].project.data.file?.values == ["a.conll", "b.conll"] && heads[1].project.data.test == .file("c.conll"))
    #expect(heads[2].project.data.label == "kind" && heads[2].project.data.test == .share(0.1) && heads[2].project.data.limit == 100)
    #expect(heads.allSatisfy { $0.project.heads == nil && $0.project.data.length == 32 && $0.project.model == project.model })
    #expect(try JSON.decode(AnyProject.self, from: JSON.encode(AnyProject.text(project)), source: "test") == .text(project))
    // What all heads have in common may be left out.
    let least = try text("name: a\ntask: multi-task\nheads: {t: {text-classification: {file: t.csv}}}\n")
    #expect(least.mixing == "proportional" && least.data.validation == 0.05 && least.adapter.name == "whole")
    let head = "name: a\ntask: multi-task\n"
    #expect(problems(head).contains { $0.contains("heads") })
    #expect(problems(head + "heads: {t: {translation: {file: a.csv}}}\n").contains { $0.contains("translation") })
    #expect(problems(head + "heads: {t: {embedding: {file: a.csv, wieght: 2}}}\n").contains { $0.contains("weight") })
    #expect(problems(head + "heads: {t: {embedding: {file: a.csv}}}\nadapter: prefix\n").contains { $0.contains("prefix") })
    #expect(throws: ArgumentError.self) {
      try self.text(head + "heads: {t: {embedding: {anchor: a}}}\n").headProjects()
    }
  }

  @Test func draftsAndBackTranslationsAreRead() throws {
    let project = try text(
      "name: a\ntask: text-classification\ndata: {file: t.csv}\nserve: {drafts: {large: small@2, '*': least}}\n"
        + "augment: {back-translation: {there: en-de, back: de-en@3, share: 0.5}}\n")
    #expect(project.serve.drafts == ["large": "small@2", "*": "least"])
    #expect(
      project.augment?.backTranslation
        == BackTranslationChoice(there: "en-de", back: "de-en@3", probability: 0.5, share: 0.5, prompt: "{text}"))
    #expect(problems("name: a\ntask: text-classification\ndata: {file: t.csv}\naugment: {back-translation: {there: x}}\n").count == 1)
  }

  @Test func mistakesAreNamed() throws {
    let head = "name: a\ntask: embedding\n"
    #expect(problems(head).contains { $0.contains("data") })
    #expect(problems(head + "data: {file: a.csv, anker: x}\n").contains { $0.contains("anker") && $0.contains("anchor") })
    #expect(problems(head + "data: {file: a.csv}\nobjective: causal\n").contains { $0.contains("objective") })
    #expect(problems(head + "data: {file: a.csv}\nadapter: {lora: {rank: 0}}\n").contains { $0.contains("adapter.lora.rank is 0") })
    let misspelt = "name: a\ntask: language-model\ndata: {file: a.txt}\nmodel: {decoder: {layrs: 2}}\n"
    #expect(problems(misspelt).contains { $0.contains("layers") })
    #expect(problems("name: a\ntask: translation\ndata: {file: a.csv}\ntraining: {mixing: mix-up}\n").contains { $0.contains("mixing") })
    #expect(problems("name: a\ntask: language-modell\ndata: {file: a.txt}\n").contains { $0.contains("language-model") })
  }
}
