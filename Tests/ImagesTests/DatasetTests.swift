import Foundation
import MartletCore
import Testing

@testable import Images

@Suite struct DatasetTests {
  private let png: [UInt8]

  init() throws { png = Array(try Image.gradient(4, 3, .rgb).encoded(as: .png())) }

  private func idx(_ sizes: [Int], _ values: [UInt8], type: UInt8 = 8) -> [UInt8] {
    [0, 0, type, UInt8(sizes.count)] + sizes.flatMap(bigEndian) + values
  }

  private func pair(_ folder: String, images: [UInt8], labels: [UInt8], classes: [String]? = nil) throws -> IDXDataset {
    try write(images, folder + "/images")
    try write(labels, folder + "/labels")
    return try IDXDataset(images: folder + "/images", labels: folder + "/labels", classes: classes)
  }

  @Test func idxPlain() throws {
    try withFolder { folder in
      let data = try pair(folder, images: idx([3, 2, 2], Array(0..<12)), labels: idx([3], [1, 0, 2]))
      #expect(data.count == 3 && data.classes == ["0", "1", "2"] && data.labels == [1, 0, 2] && data.classCounts == [1, 1, 1])
      #expect(try data.image(1).values == [4, 5, 6, 7])
      #expect(data.block?.samples == Array(0..<12))
      #expect(imageError { try data.image(3) }?.problem == "image: there is no picture 3")
      let other = try pair(folder, images: idx([3, 2, 2], Array(1..<13)), labels: idx([3], [1, 0, 2]))
      #expect(try data.digest() != other.digest())
      let named = try pair(folder, images: idx([3, 2, 2], Array(0..<12)), labels: idx([3], [1, 0, 2]), classes: ["a", "b", "c"])
      #expect(try data.digest() != named.digest() && data.digest().count == 64)
      let colour = try pair(folder, images: idx([2, 1, 2, 3], Array(0..<12)), labels: idx([2], [1, 0]))
      #expect(try colour.image(0) == Image(width: 2, height: 1, mode: .rgb, samples: .uint8([0, 1, 2, 3, 4, 5])))
    }
  }

  @Test func idxCompressed() throws {
    let bytes = try Fixture.bytes("expected.idx.gz")
    #expect(try IDXFile(bytes, path: "x", dimensions: 1...1).values.count > 10_000)
    func failure(_ bytes: [UInt8]) -> ImageError? { imageError { try IDXFile(bytes, path: "x", dimensions: 1...1) } }
    #expect(failure(Array(bytes.dropLast(1)))?.kind == .truncated)
    #expect(failure(Array(bytes.prefix(bytes.count / 2)))?.kind == .truncated)
    #expect(failure(Array(bytes.prefix(12)))?.kind == .truncated)
    #expect(failure(bytes + [0])?.problem == "x: has 1 bytes after its end")
    var wrongSum = bytes
    wrongSum[bytes.count - 6] ^= 1
    #expect(failure(wrongSum)?.kind == .corrupt)
  }

  @Test func idxLies() throws {
    func failure(_ bytes: [UInt8]) -> ImageError? { imageError { try IDXFile(bytes, path: "x", dimensions: 3...4) } }
    #expect(
      failure(idx([3, 2, 2], Array(0..<11)))?.description
        == "x: its header promises 3×2×2, which is 12 bytes of values, but 11 are there; expected a header that matches the file; "
        + "try: copy or download the file again, or remove it")
    #expect(failure(idx([3, 2, 2], Array(0..<13)))?.kind == .invalidDataset)
    #expect(failure(idx([0x7FFF_FFFF, 0x7FFF_FFFF, 0x7FFF_FFFF], []))?.problem.contains("more than") == true)
    #expect(failure(idx([3, 2], [1]))?.problem == "x: has 2 dimensions")
    #expect(failure(idx([3, 2, 2], Array(0..<12), type: 13))?.kind == .unsupported)
    #expect(failure([0, 0, 8, 3, 0, 0])?.kind == .truncated)
    #expect(failure(Array("index,label\n".utf8))?.problem == "x: is text, not an IDX file")
    #expect(failure([])?.problem == "x: is empty")
    #expect(failure([9, 9, 9, 200])?.problem.contains("is not an IDX file") == true)
    try withFolder { folder in
      func failure(_ labels: [UInt8], classes: [String]? = nil) -> String {
        imageError { try pair(folder, images: idx([2, 1, 1], [1, 2]), labels: labels, classes: classes) }?.problem ?? "no error"
      }
      #expect(failure(idx([3], [0, 1, 0])).contains("has 3 labels"))
      #expect(failure(idx([2], [0, 5]), classes: ["a", "b"]).contains("label 5 of item 1 has no name"))
      #expect(failure(idx([2], [0, 0])).contains("one class only"))
      #expect(imageError { try pair(folder, images: idx([0, 1, 1], []), labels: idx([0], [])) }?.problem.contains("no pictures") == true)
      #expect(imageError { try IDXDataset(images: folder + "/none", labels: folder + "/labels") }?.kind == .unreadable)
    }
  }

  @Test func folders() throws {
    try withFolder { folder in
      for (name, count) in [("dog", 2), ("cat", 3), ("ant", 1)] { for i in 0..<count { try write(png, "\(folder)/\(name)/\(i).png") } }
      try write(Array("junk".utf8), folder + "/cat/.DS_Store")
      try write(Array("junk".utf8), folder + "/cat/Thumbs.db")
      try write(Array("read me".utf8), folder + "/README.txt")
      let data = try FolderDataset(folder)
      #expect(data.classes == ["ant", "cat", "dog"] && data.labels == [0, 1, 1, 1, 2, 2] && data.classCounts == [1, 3, 2])
      #expect(data.name(1) == folder + "/cat/0.png")
      #expect(try data.image(5) == Image.gradient(4, 3, .rgb))
      let digest = try data.digest()
      let test = try FolderDataset(folder, classes: ["dog", "cat", "ant", "bee"])
      #expect(test.labels == [2, 1, 1, 1, 0, 0])
      let unknown = imageError { try FolderDataset(folder, classes: ["cats", "dog", "ant"]) }
      #expect(unknown?.description.contains("'cat' is not one of the 3 known classes") == true)
      #expect(unknown?.remedy == "rename it to 'cats'")
      let subset = try DatasetSubset(data, indices: [5, 1])
      #expect(subset.labels == [2, 1] && subset.name(0) == data.name(5) && subset.count == 2)
      #expect(imageError { try DatasetSubset(data, indices: [6]) } != nil)
      try withFolder { copy in
        for file in ["dog/0.png", "dog/1.png", "cat/0.png", "cat/1.png", "cat/2.png", "ant/0.png"] { try write(png, copy + "/" + file) }
        #expect(try FolderDataset(copy).digest() == digest)
        try write(Array(try Image.gradient(4, 4).encoded(as: .png())), copy + "/ant/0.png")
        #expect(try FolderDataset(copy).digest() != digest)
      }
    }
  }

  @Test func brokenFolders() throws {
    try withFolder { folder in
      func failure() -> ImageError? { imageError { try FolderDataset(folder) } }
      #expect(imageError { try FolderDataset(folder + "/none") }?.problem.hasSuffix("there is no such folder") == true)
      #expect(failure()?.problem == "\(folder): has no class folders")
      try write(png, folder + "/cat/a.png")
      #expect(imageError { try FolderDataset(folder + "/cat/a.png") }?.problem.hasSuffix("is a file, not a folder") == true)
      #expect(failure()?.problem == "\(folder): has one class only ('cat')")
      try FileManager.default.createDirectory(atPath: folder + "/dog", withIntermediateDirectories: true)
      #expect(failure()?.problem == "\(folder)/dog: the class folder 'dog' is empty")
      try write("not a picture", folder + "/dog/a.jpg")
      #expect(failure()?.problem == "\(folder)/dog/a.jpg: is text, not an image")
      try write(png, folder + "/dog/a.jpg")
      #expect(failure() == nil)
      try write(png, folder + "/dog/puppies/b.png")
      #expect(failure()?.problem.contains("'puppies' is a folder inside a class folder") == true)
      try FileManager.default.removeItem(atPath: folder + "/dog/puppies")
      try write(png, folder + "/stray.png")
      #expect(failure()?.problem.contains("'stray.png' lies outside the class folders") == true)
      try FileManager.default.removeItem(atPath: folder + "/stray.png")
      // Damage beyond the first bytes is found when the picture is asked for, and is named then.
      try write(Array(png.prefix(60)), folder + "/dog/a.jpg")
      let data = try FolderDataset(folder)
      #expect(imageError { try data.image(1) }?.kind == .truncated)
      #expect(imageError { try data.image(1) }?.source == folder + "/dog/a.jpg")
    }
  }

  @Test func lists() throws {
    try withFolder { folder in
      for name in ["a", "b, c", "d\"e"] { try write(png, "\(folder)/pictures/\(name).png") }
      try write(
        "\u{FEFF}id,path,label\r\n1,pictures/a.png,dog\r\n\r\n2,\"pictures/b, c.png\",cat\r\n3,\"pictures/d\"\"e.png\",dog",
        folder + "/list.csv")
      let data = try CSVDataset(folder + "/list.csv")
      #expect(data.classes == ["cat", "dog"] && data.labels == [1, 0, 1] && data.name(1) == folder + "/pictures/b, c.png")
      #expect(try data.image(2).width == 4)
      #expect(try data.digest().count == 64)
      #expect(try CSVDataset(folder + "/list.csv", classes: ["dog", "cat"]).labels == [0, 1, 0])
    }
  }

  @Test func brokenLists() throws {
    try withFolder { folder in
      try write(png, folder + "/a.png")
      try write("text", folder + "/b.png")
      func failure(_ text: String, classes: [String]? = nil) throws -> String {
        try write(text, folder + "/list.csv")
        let error = imageError { try CSVDataset(folder + "/list.csv", classes: classes) }
        return (error?.description ?? "no error").replacing(folder + "/", with: "")
      }
      #expect(try failure("").hasPrefix("list.csv: is empty"))
      #expect(try failure("path,label\n").hasPrefix("list.csv: lists no pictures"))
      #expect(
        try failure("path,lable\na.png,x").contains(
          "line 1: there is no column 'label'; expected one of path, lable; try: name the column 'lable'"))
      #expect(try failure("path,label\na.png,x\na.png\n").contains("line 3: 1 cells; expected 2"))
      #expect(try failure("path,label\na.png,x\n\n\nc.png,y\n").contains("line 5: c.png: cannot be read: No such file"))
      #expect(try failure("path,label\na.png,x\nb.png,y\n").contains("line 3: b.png: is text, not an image"))
      #expect(try failure("path,label\na.png,\n").contains("line 2: the cell 'label' is empty"))
      #expect(try failure("path,label\n,x\n").contains("line 2: the cell 'path' is empty"))
      #expect(try failure("path,label\na.png,x\na.png,x\n").contains("has one class only ('x')"))
      #expect(try failure("path,label\n\"a.png,x\n").contains("line 2: a quote is never closed"))
      #expect(try failure("path,label\n\"a\"b,x\n").contains("line 2: text after a closing quote"))
      #expect(try failure("path,label\na\"b,x\n").contains("line 2: a quote in the middle of a cell"))
      #expect(
        try failure("path,label\na.png,cta\n", classes: ["cat", "dog"]).contains(
          "'cta' is not one of the 2 known classes; try: write 'cat'"))
      #expect(imageError { try CSVRows([0x61, 0xFF, 0x2C], source: "x") }?.problem == "x: line 1: not UTF-8 text")
    }
  }

  @Test func csvCells() throws {
    let rows = try CSVRows(Array("a,\"b\nc\",\"\"\n,\n\"\"\nlast".utf8), source: "x").rows
    #expect(rows.map(\.cells) == [["a", "b\nc", ""], ["", ""], [""], ["last"]])
    #expect(rows.map(\.line) == [1, 3, 4, 5])
  }

  @Test func splits() throws {
    let labels = (0..<1000).map { $0 % 10 < 7 ? 0 : $0 % 10 < 9 ? 1 : 2 } + [3, 4, 4]
    let split = try StratifiedSplit(labels: labels, validation: 0.2, seed: 5)
    #expect((split.training + split.validation).sorted() == Array(labels.indices))
    #expect(split.validation.map { labels[$0] }.count { $0 == 0 } == 140)
    #expect(split.validation.map { labels[$0] }.count { $0 == 2 } == 20)
    #expect(split.training.contains(1000) && split.validation.contains { labels[$0] == 4 } && split.training.contains { labels[$0] == 4 })
    #expect(try StratifiedSplit(labels: labels, validation: 0.2, seed: 5) == split)
    #expect(try StratifiedSplit(labels: labels, validation: 0.2, seed: 6).validation != split.validation)
    #expect(try StratifiedSplit(labels: labels, validation: 0, seed: 6).validation.isEmpty)
    #expect(
      try StratifiedSplit(labels: Array(repeating: 0, count: 7) + Array(repeating: 1, count: 7), validation: 0.5, seed: 1).validation.count
        == 7)
    #expect(throws: ArgumentError.self) { try StratifiedSplit(labels: labels, validation: 1, seed: 0) }
    #expect(throws: ArgumentError.self) { try StratifiedSplit(labels: labels, validation: .nan, seed: 0) }
  }
}
