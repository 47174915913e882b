import MartletCore
import Tables

/// Looks at the target, and at what each column says about it.
struct TargetSearch {
  let target: SampledTarget
  let columns: [SampledColumn]
  let summary: TableSummary
  let options: ProfileOptions

  func run(_ profile: inout DataProfile) -> TargetProfile {
    let known = summary.column(target.name)
    let judged = Array(columns.filter { summary.column($0.name).map { !$0.isConstant && $0.present > 0 } ?? false }.prefix(2000))
    if judged.count == 2000 { profile.notes.append("Leaks were looked for among the first 2000 columns.") }
    let subject = target
    let results = (try? Parallel.map(judged.count, threads: options.threads) { SingleFeature.judge(judged[$0], subject) }) ?? []
    var scores: [String: SingleFeature] = [:]
    for (column, result) in zip(judged, results) { scores[column.name] = result }
    let leaks = LeakSearch(columns: judged, target: target, scores: scores, threads: options.threads).run()
    var classes: [ColumnProfile.Value] = [], isClasses = false
    var uncertainty = 0.0, codes: [Int32] = []
    if case .classes(let all, _) = target.kind {
      isClasses = true
      codes = all
      uncertainty = Association.entropy(all)
      classes = known?.values.top(100).map { .init(value: $0.value.text(limit: 80), count: $0.count) } ?? []
    }
    let list = judged.compactMap { column -> TargetProfile.Score? in
      guard let score = scores[column.name] else { return nil }
      let information =
        isClasses && uncertainty > 0 && judged.count <= 200 ? Association.mutualInformation(column.binned(), codes) / uncertainty : nil
      return TargetProfile.Score(column: column.name, score: score.score, information: information)
    }
    return TargetProfile(
      name: target.name, isClasses: isClasses, classes: classes, missing: (known?.missing ?? 0) + (known?.notNumbers ?? 0),
      scores: list.sorted { ($1.score, $0.column) < ($0.score, $1.column) }, leaks: leaks)
  }
}
