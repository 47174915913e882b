import Foundation
import MartletCore
import Testing

@testable import Project

/// The JSON Schema and the parser say the same about the same document.
@Suite struct SchemaTests {
  private static let head = "name: a\ntask: image-classification\n"

  private static let documents: [String] = [
    "data: {dataset: x}", "data: {train: {folder: p}}", "data: {train: {folder: {path: p}}}", "data: {train: folder}",
    "data: {train: {folder: null}}", "data: {train: {idx: {images: a, labels: b}}}", "data: {train: {idx: {images: a}}}",
    "data: {train: {idx: a}}", "data: {train: {csv: l.csv}}", "data: {train: {csv: {path: l.csv, label: c}}}",
    "data: {train: {csv: l, folder: p}}", "data: {train: {}}", "data: {}", "data: {dataset: x, train: {folder: p}}",
    "data: {dataset: x, test: 0.2}", "data: {train: {folder: p}, test: 0.2}", "data: {train: {folder: p}, test: 0}",
    "data: {train: {folder: p}, test: {folder: q}}", "data: {dataset: X}", "data: {dataset: ''}", "data: [x]", "data: x", "data:",
    "data: {dataset: x, validation: 0}", "data: {dataset: x, validation: 1}", "data: {dataset: x, validation: {folder: p}}",
    "data: {dataset: x, size: 28}", "data: {dataset: x, size: [28, 28]}", "data: {dataset: x, size: [28]}",
    "data: {dataset: x, size: auto}", "data: {dataset: x, size: big}", "data: {dataset: x, channels: 1}",
    "data: {dataset: x, channels: 2}", "data: {dataset: x, normalize: none}", "data: {dataset: x, normalize: {mean: [1]}}",
    "data: {dataset: x, normalize: {mean: [0.5], std: [0.5]}}", "data: {dataset: x, normalize: {mean: [0.5], std: [0]}}",
    "data: {dataset: x, augment: [flip, {crop: 2}, {crop: {padding: 3}}, {rotate: null}]}", "data: {dataset: x, augment: [{flip: up}]}",
    "data: {dataset: x, augment: [{flip: {direction: up}}]}", "data: {dataset: x, augment: flip}", "data: {dataset: x, augment: [[]]}",
    "data: {dataset: x, labels: [a]}", "data: {dataset: x, labels: [a, b]}", "data: {dataset: x, limit: 0}",
    "data: {dataset: x}\nmodel: lenet", "data: {dataset: x}\nmodel: {lenet: {}}", "data: {dataset: x}\nmodel: {lenet: {a: 1}}",
    "data: {dataset: x}\nmodel: {cnn: {widths: [1]}}", "data: {dataset: x}\nmodel: {cnn: {channels: []}}",
    "data: {dataset: x}\nmodel: vgg",
    "data: {dataset: x}\nmodel: {cnn: {}, mlp: {}}", "data: {dataset: x}\nmodel:", "data: {dataset: x}\ntraining:",
    "data: {dataset: x}\ntraining: {epochs: 1}", "data: {dataset: x}\ntraining: {epochs: 1.5}",
    "data: {dataset: x}\ntraining: {epochs: '1'}",
    "data: {dataset: x}\ntraining: {epochs: 0}", "data: {dataset: x}\ntraining: {epoch: 1}", "data: {dataset: x}\ntraining: {clip: 0}",
    "data: {dataset: x}\ntraining: {clip: 1e-9}", "data: {dataset: x}\ntraining: {optimizer: sgd}",
    "data: {dataset: x}\ntraining: {optimizer: adam}", "data: {dataset: x}\ntraining: {optimizer: {sgd: {nesterov: true}}}",
    "data: {dataset: x}\ntraining: {optimizer: {sgd: {nesterov: yes}}}", "data: {dataset: x}\ntraining: {optimizer: {sgd: 0.1}}",
    "data: {dataset: x}\ntraining: {schedule: {one-cycle: 0.1}}", "data: {dataset: x}\ntraining: {schedule: {one-cycle: 0}}",
    "data: {dataset: x}\ntraining: {schedule: {step: 3}}", "data: {dataset: x}\ntraining: {early-stopping: {}}",
    "data: {dataset: x}\ntraining: {early-stopping: }", "data: {dataset: x}\ntraining: {early-stopping: 3}",
    "data: {dataset: x}\ntraining: {threads: auto, workers: 0}", "data: {dataset: x}\ntraining: {threads: 0}",
    "data: {dataset: x}\nevaluation: {require: {a: 1, b: 0.5}}", "data: {dataset: x}\nevaluation: {require: {a: x}}",
    "data: {dataset: x}\nevaluation: {require: }", "data: {dataset: x}\nserve: {port: 65536}", "data: {dataset: x}\nserve: {host: 1}",
    "data: {dataset: x}\noutput: ''", "data: {dataset: x}\ndescription: 3", "data: {dataset: x}\nextra: 1",
    "data: {dataset: x}\ntraining: {label-smoothing: 0.5, class-weights: balanced, seed: 9007199254740992}",
  ]

  @Test(arguments: documents) func schemaAndParserAgree(_ body: String) throws {
    let text = Self.head + body + "\n"
    let document = try #require(try YAMLReader.read(text, file: "f").root).json
    let isAccepted = (try? ProjectFile.parse(text)) != nil
    #expect(SchemaCheck.accepts(document, ProjectSchema.jsonSchema) == isAccepted)
  }

  @Test func theTableHasBothKinds() {
    let accepted = Self.documents.filter { (try? ProjectFile.parse(Self.head + $0 + "\n")) != nil }.count
    #expect(accepted >= 25)
    #expect(Self.documents.count - accepted >= 25)
  }

  @Test func everyKeyIsDocumentedAndClosed() {
    func walk(_ value: JSONValue, _ path: String) {
      if let properties = value["properties"]?.objectValue {
        #expect(value["additionalProperties"] == false, "\(path)")
        for (name, schema) in properties {
          #expect(
            schema["description"]?.stringValue?.hasSuffix(".") == true || schema["description"]?.stringValue?.contains(": ") == true,
            "\(path).\(name)")
        }
      }
      for (name, member) in value.objectValue ?? [:] where name != "default" { walk(member, path + "." + name) }
      for (index, element) in (value.arrayValue ?? []).enumerated() { walk(element, path + "[\(index)]") }
    }
    walk(ProjectSchema.jsonSchema, "")
    #expect(ProjectSchema.jsonSchema["$schema"] == "https://json-schema.org/draft/2020-12/schema")
  }

  /// Every default is a value that the schema itself accepts.
  @Test func defaultsAreAllowed() {
    func walk(_ value: JSONValue, _ path: String) {
      if let standard = value["default"], value["type"] != nil || value["anyOf"] != nil || value["enum"] != nil {
        #expect(SchemaCheck.accepts(standard, value), "\(path)")
      }
      for (name, member) in value.objectValue ?? [:] where name != "default" { walk(member, path + "." + name) }
      for (index, element) in (value.arrayValue ?? []).enumerated() { walk(element, path + "[\(index)]") }
    }
    walk(ProjectSchema.jsonSchema, "")
  }

  @Test func namesThatTheRegistryTakes() {
    for name in ["a", "fashion-2", "a.b_c", "0", String(repeating: "x", count: 100)] { #expect(ProjectName.isValid(name), "\(name)") }
    for name in ["", "A", "-a", ".a", "a b", "ä", "a/b", String(repeating: "x", count: 101)] {
      #expect(!ProjectName.isValid(name), "\(name)")
    }
  }

  @Test func theExamplesAreRight() throws {
    let examples = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
      .appendingPathComponent("Examples")
    let files =
      FileManager.default.enumerator(atPath: examples.path)?.compactMap { $0 as? String }.filter {
        // Runs keep the file that they were started with, which may be of an older version.
        $0.hasSuffix("martlet.yml") && !$0.contains("/runs/")
      } ?? []
    for file in files { #expect(throws: Never.self) { try ProjectFile.load(examples.path + "/" + file, checkingFiles: false) } }
  }
}
