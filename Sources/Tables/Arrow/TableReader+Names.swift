/// What can be known of files without their rows.
extension TableReader {
  /// The names of the columns that some of the files have. Of CSV files only the header is read.
  /// - Throws: `FileError` if the files cannot be read.
  package static func columnNames(of paths: [String], options: TableReadOptions = TableReadOptions()) throws -> [String] {
    let files = try TableFiles.resolve(paths)
    var names: [String] = [], seen: Set<String> = []
    for file in files {
      let format = try options.format ?? TableFormat.find(file.path)
      let own =
        format == .csv
        ? try CSVFile(file.path, TableReadOptions(csv: options.csv), types: [:]).names
        : try Table.stream(file.path, format, TableReadOptions(), batchRows: 1 << 16).schema().columnNames
      names += (own + file.partitions.map(\.name)).filter { seen.insert($0).inserted }
    }
    return names
  }

  /// The names that headers of CSV files hold more than once, of which all but the first get another one.
  /// - Throws: `FileError` if the files cannot be read.
  package static func repeatedNames(
    of paths: [String], options: TableReadOptions = TableReadOptions()
  ) throws -> [(path: String, name: String, count: Int)] {
    var found: [(path: String, name: String, count: Int)] = []
    for file in try TableFiles.resolve(paths) {
      guard try (options.format ?? TableFormat.find(file.path)) == .csv else { continue }
      let csv = try CSVFile(file.path, TableReadOptions(csv: options.csv), types: [:])
      var report = TableReadReport()
      csv.describe(in: &report)
      for (name, renamings) in Dictionary(grouping: report.renamed, by: \.original) where !name.isEmpty && csv.names.contains(name) {
        found.append((file.path, name, renamings.count + 1))
      }
    }
    return found.sorted { ($0.path, $0.name) < ($1.path, $1.name) }
  }
}
