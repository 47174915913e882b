import MartletCore

extension TextHarness {
  /// Answers in words: `exact_match` and `f1` as SQuAD's (characters of scripts without spaces are words), `chrf`.
  func answers(
    _ records: [TextTask.Answer], _ shots: @escaping (Int) -> [TextShots.Shot], _ progress: @escaping @Sendable (Int) -> Void
  ) async throws -> TextTaskOutcome {
    let generator = records.contains { $0.prediction == nil } ? try requireGenerator() : nil
    let examples = records.indices.map { shots($0) }
    let written = try await parallel(records.count, progress: progress) { index in
      let record = records[index]
      guard let generator, record.prediction == nil else { return (text: record.prediction ?? "", tokens: 0) }
      let result = try await generator.result(request(record, examples[index]))
      return (text: result.choices[0].text, tokens: result.usage.promptTokens + result.usage.completionTokens)
    }
    let texts = written.map { $0.text.trimmed }
    let exact = zip(records, texts).map { AnswerMatch.isExact($1, $0.targets) ? 1.0 : 0 }
    let overlap = zip(records, texts).map { AnswerMatch.f1($1, $0.targets, splitsIdeographs: true) }
    let chrf = try CHRF()
    let statistics = zip(records, texts).map { chrf.statistics($1, $0.targets) }
    let metrics = [
      "exact_match": Bootstrap.mean(exact, weights: nil, options: options.intervals),
      "f1": Bootstrap.mean(overlap, weights: nil, options: options.intervals), "chrf": resampled(statistics) { chrf.score($0) },
    ]
    return TextTaskOutcome(
      metrics: metrics, predictions: texts.map { .string($0) }, tokens: written.reduce(0) { $0 + $1.tokens })
  }

  private func request(_ record: TextTask.Answer, _ examples: [TextShots.Shot]) -> GenerationRequest {
    var request: GenerationRequest
    if options.asksInChat {
      let turns = examples.flatMap { [ChatMessage(.user, $0.prompt), ChatMessage(.assistant, $0.answer.trimmed)] }
      request = GenerationRequest(.chat(turns + [ChatMessage(.user, record.prompt)]))
    } else {
      request = GenerationRequest(.text(prefix(examples) + record.prompt))
      request.stop = record.stop
    }
    request.maxTokens = record.maxTokens ?? options.maxTokens
    request.sampling.temperature = 0
    return request
  }

  /// The interval of a number that follows from sums over records.
  func resampled(_ rows: [[Int]], _ body: ([Double]) -> Double) -> Estimate {
    let columns = rows.first?.count ?? 0
    let groups = Bootstrap.Groups(rows: rows.count, columns: columns, seed: options.intervals.seed) { row, add in
      for column in 0..<columns { add(column, Double(rows[row][column])) }
    }
    var draws: [Double] = []
    groups.resample(options.intervals) { draws.append(body($0)) }
    let seen = (0..<columns).map { column in rows.reduce(0.0) { $0 + Double($1[column]) } }
    return Intervals.percentiles(draws, value: body(seen), level: options.intervals.level)
  }

  /// Spans that something found: micro `f1`, `precision` and `recall`, `macro_f1`, and `f1_LABEL` for each label, as seqeval's.
  func spans(_ records: [TextTask.Tags], _ progress: (Int) -> Void) throws -> TextTaskOutcome {
    let scores = try records.map { record in
      var scores = SpanScores()
      try scores.add(truth: record.truth, predicted: record.predicted)
      return scores
    }
    let labels = Set(scores.flatMap { $0.labels.keys }).sorted()
    let rows = scores.map { score in
      labels.flatMap { label in
        let counts = score.labels[label] ?? SpanScores.Counts()
        return [counts.right, counts.found, counts.there]
      }
    }
    func share(_ part: Double, _ whole: Double) -> Double { whole > 0 ? part / whole : 0 }
    func sum(_ sums: [Double], _ offset: Int) -> Double { stride(from: offset, to: sums.count, by: 3).reduce(0) { $0 + sums[$1] } }
    var metrics = [
      "f1": resampled(rows) { share(2 * sum($0, 0), sum($0, 1) + sum($0, 2)) },
      "precision": resampled(rows) { share(sum($0, 0), sum($0, 1)) }, "recall": resampled(rows) { share(sum($0, 0), sum($0, 2)) },
      "macro_f1": resampled(rows) { sums in
        labels.indices.reduce(0) { $0 + share(2 * sums[3 * $1], sums[3 * $1 + 1] + sums[3 * $1 + 2]) } / Double(max(1, labels.count))
      },
    ]
    for (index, label) in labels.enumerated() {
      metrics["f1_" + label] = resampled(rows) { share(2 * $0[3 * index], $0[3 * index + 1] + $0[3 * index + 2]) }
    }
    progress(records.count)
    return TextTaskOutcome(metrics: metrics)
  }
}

extension String {
  /// Without white space at both ends.
  fileprivate var trimmed: String {
    var rest = self[...]
    while rest.first?.isWhitespace == true { rest = rest.dropFirst() }
    while rest.last?.isWhitespace == true { rest = rest.dropLast() }
    return String(rest)
  }
}
