public import Tables

/// What a table is like: what an experienced person would look at before a model is built, with what to do about it.
public struct DataProfile: Sendable, Hashable, Codable {
  public var rows: Int
  public var columns: [ColumnProfile]
  /// Columns without values in the same rows, most frequent first.
  public var missingPatterns: [TableSummary.MissingPattern]
  /// Rows that are the same as an earlier one in every column.
  public var duplicates: Duplicates
  /// The strongest relations between pairs of columns, strongest first.
  public var associations: [PairAssociation]
  /// What the target is like and what predicts it; `nil` without a target.
  public var target: TargetProfile?
  /// Rows that are unusual as a whole; `nil` where nothing looked for them.
  public var outliers: RowOutliers?
  /// An estimate of wrong labels; `nil` without a target of classes, or where no model could be tried.
  public var labelNoise: LabelNoise?
  /// What to do, most important first.
  public var warnings: [ProfileWarning]
  /// Rows that correlations, leaks and outliers were looked for in.
  public var sampledRows: Int
  /// What was cut short, and why.
  public var notes: [String]

  public struct Duplicates: Sendable, Hashable, Codable {
    public var rows: Int
    /// The first of them with the earlier row that each repeats; rows count from 0.
    public var first: [[Int]]
    /// Columns whose values are the same in every row, by pair.
    public var columns: [[String]]
  }
}

/// One column of a profile.
public struct ColumnProfile: Sendable, Hashable, Codable {
  public var name: String
  /// As `ColumnType` writes it.
  public var type: String
  public var kind: ColumnType.Kind
  public var missing: Int
  public var missingRate: Double
  public var distinct: Double
  public var distinctIsExact: Bool
  public var isLikelyIdentifier: Bool
  public var isConstant: Bool
  /// Numbers and times; `nil` for others.
  public var numbers: Numbers?
  /// The most frequent values, as text.
  public var top: [Value]
  /// Texts; `nil` for others.
  public var text: Text?

  public struct Numbers: Sendable, Hashable, Codable {
    public var minimum: Double
    public var maximum: Double
    public var mean: Double
    public var standardDeviation: Double
    public var skewness: Double
    /// At 1, 5, 25, 50, 75, 95 and 99 per cent.
    public var quantiles: [Double]
    public var zeros: Int
    public var negative: Int
    public var infinite: Int
    /// Beyond 1.5 interquartile ranges from the quartiles (Tukey 1977), about.
    public var outliers: Int
    public var whole: Bool
    /// Ends of the histogram's bins, ascending; the outermost parts of long tails are left out.
    public var edges: [Double]
    public var counts: [Double]
  }

  public struct Value: Sendable, Hashable, Codable {
    public var value: String
    public var count: Int
  }

  public struct Text: Sendable, Hashable, Codable {
    public var shortest: Int
    public var longest: Int
    public var meanLength: Double
    public var blank: Int
    public var padded: Int
    public var withLineBreaks: Int
    public var pattern: TextPattern?
  }
}

/// How strongly two columns are related, from 0 to 1 or -1 to 1.
public struct PairAssociation: Sendable, Hashable, Codable {
  public enum Measure: String, Sendable, Hashable, Codable {
    /// Between numbers; `other` is Pearson's.
    case spearman
    /// Between categories.
    case cramersV = "cramers_v"
    /// Between categories and numbers.
    case correlationRatio = "correlation_ratio"
  }

  public var first: String
  public var second: String
  public var measure: Measure
  public var value: Double
  /// Pearson's correlation between numbers.
  public var pearson: Double?
}

/// What is to be predicted.
public struct TargetProfile: Sendable, Hashable, Codable {
  public var name: String
  public var isClasses: Bool
  /// Classes with their rows, most frequent first; empty for numbers.
  public var classes: [ColumnProfile.Value]
  public var missing: Int
  /// Each other column's score alone, best first: AUC for classes, R² for numbers, on rows it was not learned from.
  public var scores: [Score]
  /// Columns that may know the answer.
  public var leaks: [LeakSuspicion]

  public struct Score: Sendable, Hashable, Codable {
    public var column: String
    public var score: Double
    /// The share of the target's uncertainty that the binned column takes away in the sample; `nil` for numbers.
    public var information: Double?
  }
}

/// Something to know or to do before a model is built, in plain words.
public struct ProfileWarning: Sendable, Hashable, Codable {
  public enum Severity: String, Sendable, Hashable, Codable, Comparable {
    case note, warning, important

    private var rank: Int { self == .note ? 0 : self == .warning ? 1 : 2 }
    public static func < (one: Severity, other: Severity) -> Bool { one.rank < other.rank }
  }

  public var severity: Severity
  /// `leak`, `constant`, `identifier`, `missing` …
  public var kind: String
  public var columns: [String]
  public var text: String
  public var advice: String

  public init(_ severity: Severity, _ kind: String, _ columns: [String], _ text: String, _ advice: String) {
    self.severity = severity
    self.kind = kind
    self.columns = columns
    self.text = text
    self.advice = advice
  }
}

/// Rows that are unusual as a whole.
public struct RowOutliers: Sendable, Hashable, Codable {
  public struct Row: Sendable, Hashable, Codable {
    /// From 0.
    public var row: Int
    /// Of the isolation forest: above 0.5 is unusual.
    public var isolation: Double
    /// The local outlier factor: 1 is usual; `nil` where it was not computed.
    public var localFactor: Double?
    /// The values that stand out, as text.
    public var values: [String]
  }

  public var rows: [Row]
  /// How many rows score above the threshold.
  public var count: Int
  public var examined: Int
}
