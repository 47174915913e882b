import ArgumentParser
import Bundles
import Charts
import MartletCore
import Registry

struct Compare: RegistryCommand {
  static let configuration = CommandConfiguration(
    abstract: "What is different between two versions.",
    discussion: "A metric is better or worse only where its interval of the difference leaves no doubt.")

  @Argument(help: "NAME@V", completion: ReferenceCompletion.kind)
  var first: String

  @Argument(help: "NAME@V", completion: ReferenceCompletion.kind)
  var second: String

  @OptionGroup var global: GlobalOptions

  func execute(_ registry: ModelRegistry, _ context: CommandContext) throws -> CommandResult {
    let comparison = try PairedComparison(registry.resolve(first), registry.resolve(second), in: registry)
    return CommandResult(document: comparison, text: Self.text(comparison, context))
  }

  static func text(_ paired: PairedComparison, _ context: CommandContext) -> String {
    let comparison = paired.comparison
    let names = (comparison.first.reference, comparison.second.reference)
    var text = ""
    if !comparison.metrics.isEmpty {
      var table = TextTable(columns: [.init("metric"), .number(names.0), .number(names.1), .number("difference"), .init("verdict")])
      for metric in comparison.metrics {
        let verdict = words(paired.verdict(on: metric), context.unicode)
        let difference = metric.difference.map { ($0 > 0 ? "+" : "") + NumberText.significant($0) }
        table.append([metric.name, short(metric.first), short(metric.second), difference ?? "", verdict])
      }
      text += context.render(table)
      if let sentence = paired.sentence { text += sentence + "\n" }
    }
    for (title, differences) in [
      ("configuration", comparison.configuration), ("lineage", comparison.lineage), ("signature", comparison.signature),
      ("classes", comparison.labels),
    ] where !differences.isEmpty {
      var table = TextTable(columns: [.init(title), .init(names.0), .init(names.1)])
      for difference in differences { table.append([difference.path, words(difference.first), words(difference.second)]) }
      text += (text.isEmpty ? "" : "\n") + context.render(table)
    }
    if text.isEmpty { text = "\(names.0) and \(names.1) have no metrics and no differences\n" }
    if comparison.sizeDifference != 0 {
      let change = comparison.sizeDifference
      text += "\n\(names.1) is \(NumberText.bytes(abs(change))) \(change > 0 ? "larger" : "smaller")\n"
    }
    return text
  }

  private static func short(_ metric: MetricSummary?) -> String { metric.map { NumberText.significant($0.value) } ?? "-" }

  private static func words(_ verdict: MetricDifference.Verdict, _ unicode: Bool) -> String {
    switch verdict {
    case .better: unicode ? "▲ better" : "better"
    case .worse: unicode ? "▼ worse" : "worse"
    case .same: "same"
    case .unclear: "unclear"
    case .unknown: ""
    }
  }

  private static func words(_ value: JSONValue?) -> String {
    switch value {
    case nil: "-"
    case .string(let text): text.count > 40 ? String(text.prefix(12)) + "…" : text
    case .double(let number): "\(number)"
    case let value?: (try? JSON.encode(value, pretty: false)).map { String(decoding: $0, as: UTF8.self) } ?? ""
    }
  }
}
