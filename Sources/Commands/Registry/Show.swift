import ArgumentParser
import Bundles
import Charts
import Foundation
import MartletCore
import Registry

struct Show: RegistryCommand {
  static let configuration = CommandConfiguration(abstract: "Everything about one version.")

  @Argument(help: "NAME@V", completion: ReferenceCompletion.kind)
  var reference: String

  @OptionGroup var global: GlobalOptions

  /// `martlet show --json`
  struct Document: Codable, Sendable {
    var reference: String
    var name: String
    var version: Int
    var kind: String
    var digest: String
    var size: Int
    var created: Date
    var registered: Date
    var registeredBy: String
    var aliases: [String]
    var tags: [String]
    var note: String
    var metrics: [String: MetricSummary]
    var signature: Signature
    var labels: [String]
    var lineage: Lineage
    var configuration: JSONValue
    var files: [BundleFile]
  }

  func execute(_ registry: ModelRegistry, _ context: CommandContext) throws -> CommandResult {
    let version = try registry.resolve(reference)
    let bundle = try registry.bundle(version, verify: .none)
    let manifest = bundle.manifest
    let document = Document(
      reference: version.reference, name: version.name, version: version.number, kind: version.kind, digest: version.digest,
      size: version.size, created: version.created, registered: version.registered, registeredBy: version.registeredBy,
      aliases: version.aliases, tags: version.tags, note: version.note, metrics: version.metrics, signature: manifest.signature,
      labels: manifest.labels, lineage: manifest.lineage, configuration: try bundle.configuration(), files: manifest.files)
    return CommandResult(document: document, text: text(document, context))
  }

  private func text(_ model: Document, _ context: CommandContext) -> String {
    func tensors(_ specs: [TensorSpec]) -> String {
      specs.map { "\($0.name) \($0.dtype) \($0.shapeDescription)" }.joined(separator: ", ")
    }
    let shownLabels = model.labels.prefix(12).joined(separator: ", ") + (model.labels.count > 12 ? ", …" : "")
    var text =
      "\(model.reference)  \(model.kind), registered \(Wording.ago(model.registered, now: context.now)) by \(model.registeredBy)\n"
    text += Definitions.render([
      ("note", model.note), ("aliases", model.aliases.joined(separator: ", ")), ("tags", model.tags.joined(separator: ", ")),
      ("size", "\(NumberText.bytes(model.size)) in \(Wording.count(model.files.count, "file"))"), ("digest", model.digest),
      ("input", tensors(model.signature.inputs)), ("output", tensors(model.signature.outputs)),
      ("classes", model.labels.isEmpty ? "" : "\(model.labels.count): \(shownLabels)"),
    ])
    let metrics = context.render(model.metrics)
    if !metrics.isEmpty { text += "\n" + metrics }
    let lineage = Definitions.render(lineage(model.lineage))
    if !lineage.isEmpty { text += "\nlineage\n" + lineage }
    return text
  }

  private func lineage(_ lineage: Lineage) -> [(String, String)] {
    var pairs = lineage.data.map { source in
      (
        "\(source.role) data",
        "\(Wording.count(source.items, "item")), \(source.digest.prefix(12))\(source.note.isEmpty ? "" : ", \(source.note)")"
      )
    }
    pairs.append(("configuration", lineage.configurationDigest.map { String($0.prefix(12)) } ?? ""))
    pairs.append(("seed", lineage.seed.map(String.init) ?? ""))
    if let code = lineage.code {
      let commit = code.commit.map { ", commit \($0.prefix(12))\(code.isDirty == true ? " with changes" : "")" } ?? ""
      pairs.append(("code", "martlet \(code.martlet)\(commit)"))
    }
    pairs.append(("libraries", lineage.libraries.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }.joined(separator: ", ")))
    if let machine = lineage.machine {
      pairs.append(
        (
          "machine",
          "\(machine.processor), \(Wording.count(machine.cores, "core")), \(NumberText.bytes(machine.memory)), \(machine.system)"
        ))
    }
    if let started = lineage.started, let finished = lineage.finished {
      pairs.append(("took", NumberText.duration(milliseconds: finished.timeIntervalSince(started) * 1000)))
    }
    pairs.append(("parent", lineage.parent ?? ""))
    return pairs
  }
}
