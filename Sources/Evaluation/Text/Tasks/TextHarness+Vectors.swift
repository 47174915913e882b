import MartletCore

extension TextHarness {
  /// Retrieval by the cosine of vectors: `recall_at_1`, `recall_at_5`, `recall_at_10`, `mrr`, `ndcg_at_10`. Queries are drawn again for the
  /// intervals. Texts that are as near as a right one stand before it.
  func retrieval(_ queries: [TextTask.Query], _ progress: @escaping @Sendable (Int) -> Void) async throws -> TextTaskOutcome {
    let everything = Set(queries.flatMap(\.positives)).sorted()
    let pools = queries.map { query -> [String] in
      let positives = Set(query.positives)
      // The wrong ones first: equal scores keep their order.
      var seen = positives
      return (query.others ?? everything).filter { seen.insert($0).inserted } + positives.sorted()
    }
    let texts = Array(Set(queries.map(\.query) + pools.flatMap { $0 })).sorted()
    let (vectors, tokens) = try await vectors(texts, progress)
    var values: [String: [Double]] = [:]
    for (query, pool) in zip(queries, pools) {
      guard let own = vectors[query.query] else { continue }
      let relevance = pool.map { query.positives.contains($0) ? 1.0 : 0 }
      let scores = pool.map { text in vectors[text].map { Self.product(own, $0) } ?? -.infinity }
      for k in [1, 5, 10] { values["recall_at_\(k)", default: []].append(try Metrics.recall(at: k, relevance: relevance, scores: scores)) }
      values["mrr", default: []].append(try Metrics.reciprocalRank(relevance: relevance, scores: scores))
      values["ndcg_at_10", default: []].append(try Metrics.ndcg(relevance: relevance, scores: scores, k: 10))
    }
    return TextTaskOutcome(metrics: values.mapValues { Bootstrap.mean($0, weights: nil, options: options.intervals) }, tokens: tokens)
  }

  /// Whether the cosine of two texts' vectors goes with what people say: `spearman`, `pearson`.
  func similarity(_ pairs: [TextTask.Pair], _ progress: @escaping @Sendable (Int) -> Void) async throws -> TextTaskOutcome {
    let (vectors, tokens) = try await vectors(Array(Set(pairs.flatMap { [$0.a, $0.b] })).sorted(), progress)
    let found = pairs.map { pair in Self.product(vectors[pair.a] ?? [], vectors[pair.b] ?? []) }
    let truth = pairs.map(\.score)
    let values = ["spearman": try Metrics.spearman(found, truth), "pearson": try Metrics.pearson(found, truth)]
    var draws: [String: [Double]] = [:]
    for resample in 0..<options.intervals.resamples {
      var random = KeyedRandom(seed: options.intervals.seed, purpose: "bootstrap pairs", index: UInt64(resample))
      let rows = pairs.indices.map { _ in Int.random(in: 0..<pairs.count, using: &random) }
      let (a, b) = (rows.map { found[$0] }, rows.map { truth[$0] })
      draws["pearson", default: []].append(Metrics.correlation(a, b))
      draws["spearman", default: []].append(Metrics.correlation(Metrics.ranks(a), Metrics.ranks(b)))
    }
    let metrics = values.map { name, value in
      (name, Intervals.percentiles(draws[name] ?? [], value: value, level: options.intervals.level))
    }
    return TextTaskOutcome(
      metrics: Dictionary(metrics, uniquingKeysWith: { $1 }), predictions: found.map { .double($0) }, tokens: tokens)
  }

  /// Vectors of length one.
  private func vectors(
    _ texts: [String], _ progress: @escaping @Sendable (Int) -> Void
  ) async throws -> (vectors: [String: [Float]], tokens: Int) {
    let embedder = try requireEmbedder()
    var vectors: [String: [Float]] = [:], tokens = 0
    // Texts of one length together: shorter ones need not be padded much.
    let order = texts.sorted { ($0.utf8.count, $0) < ($1.utf8.count, $1) }
    for start in stride(from: 0, to: order.count, by: 32) {
      let part = order[start..<min(start + 32, order.count)]
      let answer = try await embedder.embed(part.map { .text($0) }, dimensions: nil)
      for (text, vector) in zip(part, answer.vectors) {
        let length = vector.reduce(0) { $0 + $1 * $1 }.squareRoot()
        vectors[text] = length > 0 ? vector.map { $0 / length } : vector
      }
      tokens += answer.tokens
      progress(start + part.count)
    }
    return (vectors, tokens)
  }

  private static func product(_ a: [Float], _ b: [Float]) -> Double { zip(a, b).reduce(0.0) { $0 + Double($1.0) * Double($1.1) } }
}
