import Foundation
import Martlet
import MartletCore

// Writes what `martlet.yml` may say about each network; `make generate` calls it with the file's path.
let text = ArchitectureSchema.text(of: ArchitectureSchema.classifiers)
guard let path = CommandLine.arguments.dropFirst().first else {
  print(text, terminator: "")
  exit(0)
}
try AtomicFile.write(Data(text.utf8), to: path)
