public import Charts

extension ClassificationEvaluation {
  /// The metrics as a table: value and interval, in the catalogue's order.
  public var metricTable: TextTable {
    let level = NumberText.significant(intervals.level * 100, digits: 2)
    return TextTable(
      columns: [.init("metric"), .number("value"), .number("\(level) % interval"), .init("meaning")],
      rows: MetricInfo.of(metrics.keys).compactMap { info in
        metrics[info.name].map { [info.title, Self.text($0.value), "\(Self.text($0.lower)) – \(Self.text($0.upper))", info.meaning] }
      })
  }

  /// The classes as a table.
  public var classTable: TextTable {
    func cell(_ estimate: Estimate?) -> String { estimate.map { Self.text($0.value) } ?? "–" }
    return TextTable(
      columns: [
        .init("class"), .number("rows"), .number("precision"), .number("recall"), .number("F1"), .number("F1 from"), .number("to"),
        .number("AUC"),
      ],
      rows: perClass.map {
        [
          $0.label, NumberText.count($0.support), cell($0.precision), cell($0.recall), cell($0.f1), Self.text($0.f1.lower),
          Self.text($0.f1.upper),
          cell($0.auc),
        ]
      })
  }

  /// The classes that are taken for each other, most often first.
  public func confusionTable(_ limit: Int = 8) -> TextTable {
    TextTable(
      columns: [.init("true class"), .init("taken for"), .number("rows"), .number("of the class")],
      rows: topConfusions(limit).map {
        [labels[$0.truth], labels[$0.predicted], NumberText.count($0.count), NumberText.percent($0.share, digits: 3)]
      })
  }

  /// The costs that are known, as names and values.
  public var costFacts: [(name: String, value: String)] {
    var facts: [(String, String)] = []
    if let time = costs.millisecondsPerItemMedian {
      facts.append(("time per item, median", NumberText.duration(milliseconds: time)))
    }
    if let time = costs.millisecondsPerItem99 { facts.append(("time per item, p99", NumberText.duration(milliseconds: time))) }
    if let rate = costs.itemsPerSecond { facts.append(("items per second", NumberText.significant(rate, digits: 3))) }
    if let bytes = costs.peakMemoryBytes { facts.append(("peak memory", NumberText.bytes(bytes))) }
    if let bytes = costs.modelBytes { facts.append(("model size", NumberText.bytes(bytes))) }
    if let count = costs.parameterCount { facts.append(("parameters", NumberText.grouped(count))) }
    return facts
  }

  /// Everything that fits a terminal: metrics, classes, confusions, costs, notes.
  /// - Parameters:
  ///   - width: columns of the terminal; `nil` does not cut.
  ///   - unicode: plain ASCII when `false`.
  public func terminalText(width: Int? = nil, unicode: Bool = TextTable.terminalIsUTF8) -> String {
    var parts = ["\(NumberText.grouped(rows)) rows, \(NumberText.grouped(labels.count)) classes\n"]
    parts.append(metricTable.render(width: width, unicode: unicode))
    if labels.count <= 40 { parts.append(classTable.render(width: width, unicode: unicode)) }
    let confusions = confusionTable()
    if !confusions.rows.isEmpty { parts.append("Most frequent confusions\n" + confusions.render(width: width, unicode: unicode)) }
    if !costFacts.isEmpty {
      parts.append(
        TextTable(columns: [.init("cost"), .number("value")], rows: costFacts.map { [$0.name, $0.value] }).render(
          width: width, unicode: unicode))
    }
    parts += notes.map { TextTable.printable("Note: \($0)", unicode: unicode) + "\n" }
    return parts.joined(separator: "\n")
  }

  /// Four decimals, so that columns line up; small numbers keep their digits, large ones have no more than four.
  static func text(_ value: Double) -> String {
    if abs(value) >= 10 { return NumberText.significant(value) }
    return value != 0 && abs(value) < 0.001 ? NumberText.significant(value, digits: 3) : NumberText.fixed(value)
  }
}

extension EvaluationComparison {
  /// The comparison as a table: both values, the difference with its interval, the verdict.
  public var table: TextTable {
    func signed(_ value: Double) -> String { (value > 0 ? "+" : "") + ClassificationEvaluation.text(value) }
    return TextTable(
      columns: [
        .init("metric"), .number("first"), .number("second"), .number("difference"), .number("from"), .number("to"), .init("second is"),
      ],
      rows: differences.map {
        [
          MetricInfo.named($0.name)?.title ?? $0.name, ClassificationEvaluation.text($0.first.value),
          ClassificationEvaluation.text($0.second.value),
          signed($0.difference.value), signed($0.difference.lower), signed($0.difference.upper), $0.verdict.rawValue,
        ]
      })
  }

  /// The table, the test and the notes, for a terminal.
  public func terminalText(width: Int? = nil, unicode: Bool = TextTable.terminalIsUTF8) -> String {
    var text = table.render(width: width, unicode: unicode)
    if let mcNemar {
      let p = NumberText.significant(mcNemar.pValue, digits: 3)
      let counts = "only the first is right on \(NumberText.grouped(mcNemar.onlyFirstRight)) rows, only the second on "
      text +=
        "\nMcNemar's exact test: \(counts)\(NumberText.grouped(mcNemar.onlySecondRight)); p = \(p)\n"
    }
    for note in notes { text += "\n" + TextTable.printable("Note: \(note)", unicode: unicode) + "\n" }
    return text
  }
}
