/// How files are read into a table. Everything can be left to be found out.
public struct TableReadOptions: Sendable, Hashable, Codable {
  /// `nil`: by the first bytes and the name.
  public var format: TableFormat?
  /// The wanted columns in the wanted order; `nil` for all.
  public var columns: [String]?
  /// Types that columns must have. Cells that do not fit are errors.
  public var types: [String: ColumnType]
  /// Rows to read at most.
  public var rowLimit: Int?
  /// Columns that some files lack are missing there; else that is an error.
  public var fillsMissingColumns: Bool
  public var csv: CSVReadOptions

  public init(
    format: TableFormat? = nil, columns: [String]? = nil, types: [String: ColumnType] = [:], rowLimit: Int? = nil,
    fillsMissingColumns: Bool = false, csv: CSVReadOptions = CSVReadOptions()
  ) {
    self.format = format
    self.columns = columns
    self.types = types
    self.rowLimit = rowLimit
    self.fillsMissingColumns = fillsMissingColumns
    self.csv = csv
  }

  /// What is not given keeps its usual value.
  public init(from decoder: any Decoder) throws {
    let values = try decoder.container(keyedBy: CodingKeys.self)
    self.init(
      format: try values.decodeIfPresent(TableFormat.self, forKey: .format),
      columns: try values.decodeIfPresent([String].self, forKey: .columns),
      types: try values.decodeIfPresent([String: ColumnType].self, forKey: .types) ?? [:],
      rowLimit: try values.decodeIfPresent(Int.self, forKey: .rowLimit),
      fillsMissingColumns: try values.decodeIfPresent(Bool.self, forKey: .fillsMissingColumns) ?? false,
      csv: try values.decodeIfPresent(CSVReadOptions.self, forKey: .csv) ?? CSVReadOptions())
  }
}

/// How the text of a CSV file is to be understood.
public struct CSVReadOptions: Sendable, Hashable, Codable {
  /// What rows with too few or too many fields mean.
  public enum RaggedRows: String, Sendable, Hashable, Codable, CaseIterable {
    /// An error that names the line.
    case fail
    /// They are left out and counted.
    case skip
    /// Fields that a short row lacks are missing; long rows are errors.
    case fill
  }

  /// One character; `nil` to find out between comma, semicolon, tab and bar.
  public var separator: String?
  /// One character; empty for none.
  public var quote: String
  /// One character before a quote that is meant literally; `nil` where quotes are doubled.
  public var escape: String?
  /// As iconv names it (`utf-8`, `utf-16`, `latin1`, `windows-1252`, `gb18030`); `nil`: UTF-16 where the first bytes say so, else UTF-8.
  public var encoding: String?
  /// The first row holds the names.
  public var hasHeader: Bool
  /// Names in place of the header's, or for a file without one.
  public var names: [String]?
  /// Lines before the header that are no part of the table.
  public var skippedLines: Int
  /// Texts that mean that there is no value.
  public var missing: [String]
  /// A cell in quotes can be missing, too.
  public var quotedCanBeMissing: Bool
  public var trueTexts: [String]
  public var falseTexts: [String]
  /// Formats of dates and times beside ISO 8601, as strptime spells them: `%d.%m.%Y`.
  public var timeFormats: [String]
  /// The decimal point or comma.
  public var decimal: String
  /// What parts thousands within numbers; `nil` for nothing.
  public var thousands: String?
  public var raggedRows: RaggedRows
  /// Texts of at most so many different values become categories; 0 for none.
  public var categoryLimit: Int
  /// Streams look at so many rows to find the types; `nil` for all. A later cell that does not fit is an error then.
  public var inferenceRows: Int?

  /// What pandas takes as missing.
  public static let usualMissing = [
    "", "#N/A", "#N/A N/A", "#NA", "-1.#IND", "-1.#QNAN", "-NaN", "-nan", "1.#IND", "1.#QNAN", "<NA>", "N/A", "NA", "NULL", "NaN", "None",
    "n/a", "nan", "null",
  ]

  public init(
    separator: String? = nil, quote: String = "\"", escape: String? = nil, encoding: String? = nil, hasHeader: Bool = true,
    names: [String]? = nil, skippedLines: Int = 0, missing: [String] = usualMissing, quotedCanBeMissing: Bool = true,
    trueTexts: [String] = ["true", "True", "TRUE"], falseTexts: [String] = ["false", "False", "FALSE"], timeFormats: [String] = [],
    decimal: String = ".", thousands: String? = nil, raggedRows: RaggedRows = .fail, categoryLimit: Int = 0, inferenceRows: Int? = nil
  ) {
    self.separator = separator
    self.quote = quote
    self.escape = escape
    self.encoding = encoding
    self.hasHeader = hasHeader
    self.names = names
    self.skippedLines = skippedLines
    self.missing = missing
    self.quotedCanBeMissing = quotedCanBeMissing
    self.trueTexts = trueTexts
    self.falseTexts = falseTexts
    self.timeFormats = timeFormats
    self.decimal = decimal
    self.thousands = thousands
    self.raggedRows = raggedRows
    self.categoryLimit = categoryLimit
    self.inferenceRows = inferenceRows
  }

  /// What is not given keeps its usual value.
  public init(from decoder: any Decoder) throws {
    let values = try decoder.container(keyedBy: CodingKeys.self)
    let usual = CSVReadOptions()
    func value<Value: Decodable>(_ key: CodingKeys, _ usual: Value) throws -> Value {
      try values.decodeIfPresent(Value.self, forKey: key) ?? usual
    }
    self.init(
      separator: try values.decodeIfPresent(String.self, forKey: .separator), quote: try value(.quote, usual.quote),
      escape: try values.decodeIfPresent(String.self, forKey: .escape),
      encoding: try values.decodeIfPresent(String.self, forKey: .encoding),
      hasHeader: try value(.hasHeader, true), names: try values.decodeIfPresent([String].self, forKey: .names),
      skippedLines: try value(.skippedLines, 0), missing: try value(.missing, usual.missing),
      quotedCanBeMissing: try value(.quotedCanBeMissing, true), trueTexts: try value(.trueTexts, usual.trueTexts),
      falseTexts: try value(.falseTexts, usual.falseTexts), timeFormats: try value(.timeFormats, []), decimal: try value(.decimal, "."),
      thousands: try values.decodeIfPresent(String.self, forKey: .thousands), raggedRows: try value(.raggedRows, .fail),
      categoryLimit: try value(.categoryLimit, 0), inferenceRows: try values.decodeIfPresent(Int.self, forKey: .inferenceRows))
  }
}

/// What reading found out, and what it left out.
public struct TableReadReport: Sendable, Hashable, Codable {
  public struct Renaming: Sendable, Hashable, Codable {
    public let original: String
    public let name: String
  }

  /// The files in the order in which they were read.
  public internal(set) var files: [String] = []
  public internal(set) var format: TableFormat?
  /// Of CSV files.
  public internal(set) var separator: String?
  public internal(set) var encoding: String?
  /// Columns whose names were empty or came twice.
  public internal(set) var renamed: [Renaming] = []
  /// Rows with too few or too many fields that were left out.
  public internal(set) var skippedRows = 0

  public init() {}
}
