// swift-tools-version: 6.2
import PackageDescription

// libtorch lies where `scripts/setup` put it. The manifest must not look at the disk (it is cached), so the path is fixed.
let libtorch = Context.packageDirectory + "/.deps/torch"

let cxxSettings: [CXXSetting] = [
  .headerSearchPath("handwritten/gloo-declarations"),
  .unsafeFlags([
    "-isystem", libtorch + "/include", "-isystem", libtorch + "/include/torch/csrc/api/include", "-fvisibility=hidden",
  ]),
]
let torchLinkerSettings: [LinkerSetting] = [
  .unsafeFlags([
    "-L" + libtorch + "/lib",
    // An installed tree is found relative to the program, a working tree by its own path.
    "-Xlinker", "-rpath", "-Xlinker", "$ORIGIN/../../lib/martlet",
    "-Xlinker", "-rpath", "-Xlinker", libtorch + "/lib",
  ]),
  .linkedLibrary("torch_cpu"), .linkedLibrary("c10"),
  // In the place of the C library's malloc: see allocation.cpp.
  .linkedLibrary("jemalloc"),
]
// Arrow comes from the pyarrow wheel; its libraries carry the version in their names.
let arrow = Context.packageDirectory + "/.deps/arrow"
let arrowLinkerSettings: [LinkerSetting] = [
  .unsafeFlags([
    "-L" + arrow + "/lib", "-l:libarrow.so.2600", "-l:libarrow_compute.so.2600", "-l:libarrow_acero.so.2600",
    "-l:libparquet.so.2600", "-Xlinker", "-rpath", "-Xlinker", arrow + "/lib",
  ])
]
let swiftSettings: [SwiftSetting] = [
  .enableUpcomingFeature("ExistentialAny"),
  .enableUpcomingFeature("MemberImportVisibility"),
  .enableUpcomingFeature("InternalImportsByDefault"),
  .treatAllWarnings(as: .error),
]

/// A module of the house and its tests. `from` names the modules of lower floors that it may import.
func module(
  _ name: String, from floors: [Target.Dependency] = [], tests: [Target.Dependency] = [], resources: [Resource] = [],
  fixtures: Bool = false
) -> [Target] {
  [
    .target(name: name, dependencies: floors, resources: resources, swiftSettings: swiftSettings),
    .testTarget(
      name: name + "Tests", dependencies: [.target(name: name)] + floors + tests,
      resources: fixtures ? [.copy("Fixtures")] : [], swiftSettings: swiftSettings),
  ]
}

/// A program that reads like documentation, run by the tests, too.
func example(_ name: String, in folder: String) -> Target {
  .executableTarget(name: name, dependencies: ["Martlet"], path: "Examples/" + folder, swiftSettings: swiftSettings)
}

let yams: Target.Dependency = .product(name: "Yams", package: "Yams")
let crypto: Target.Dependency = .product(name: "Crypto", package: "swift-crypto")
let arguments: Target.Dependency = .product(name: "ArgumentParser", package: "swift-argument-parser")
let hummingbird: Target.Dependency = .product(name: "Hummingbird", package: "hummingbird")
let httpTypes: Target.Dependency = .product(name: "HTTPTypes", package: "swift-http-types")
let logging: Target.Dependency = .product(name: "Logging", package: "swift-log")
let nioCore: Target.Dependency = .product(name: "NIOCore", package: "swift-nio")
let httpClient: Target.Dependency = .product(name: "AsyncHTTPClient", package: "async-http-client")
let serviceLifecycle: Target.Dependency = .product(name: "ServiceLifecycle", package: "swift-service-lifecycle")

let package = Package(
  name: "martlet",
  products: [
    .library(name: "Martlet", targets: ["Martlet"]),
    .executable(name: "martlet", targets: ["MartletCommand"]),
    .executable(name: "martlet-engine", targets: ["MartletEngine"]),
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", exact: "1.8.2"),
    .package(url: "https://github.com/apple/swift-asn1", exact: "1.7.4"),
    .package(url: "https://github.com/apple/swift-certificates", exact: "1.21.1"),
    .package(url: "https://github.com/apple/swift-crypto", exact: "4.5.2"),
    .package(url: "https://github.com/apple/swift-http-types", exact: "1.8.0"),
    .package(url: "https://github.com/apple/swift-log", exact: "1.16.2"),
    .package(url: "https://github.com/apple/swift-nio", exact: "2.101.2"),
    .package(url: "https://github.com/apple/swift-nio-extras", exact: "1.35.2"),
    .package(url: "https://github.com/apple/swift-nio-ssl", exact: "2.37.6"),
    .package(url: "https://github.com/apple/swift-protobuf", exact: "1.39.0"),
    .package(url: "https://github.com/groue/GRDB.swift", exact: "7.10.0"),
    .package(url: "https://github.com/grpc/grpc-swift-2", exact: "2.4.3"),
    .package(url: "https://github.com/grpc/grpc-swift-nio-transport", exact: "2.9.2"),
    .package(url: "https://github.com/grpc/grpc-swift-protobuf", exact: "2.4.1"),
    .package(url: "https://github.com/hummingbird-project/hummingbird", exact: "2.28.1"),
    .package(url: "https://github.com/jpsim/Yams", exact: "6.2.2"),
    .package(url: "https://github.com/swift-server/async-http-client", exact: "1.37.0"),
    .package(url: "https://github.com/swift-server/swift-service-lifecycle", exact: "2.13.0"),
    .package(url: "https://github.com/swiftlang/swift-docc-plugin", exact: "1.5.0"),
    .package(url: "https://github.com/vapor/jwt-kit", exact: "5.7.1"),
  ],
  targets: [
    // Floor 0: the only C and C++ in the package.
    [
      .target(name: "CTorch", cxxSettings: cxxSettings, linkerSettings: torchLinkerSettings),
      .target(
        name: "CImage", cSettings: [.unsafeFlags(["-O2"])],
        linkerSettings: [.linkedLibrary("turbojpeg"), .linkedLibrary("spng"), .linkedLibrary("z")]),
      .target(
        name: "CArrow", cxxSettings: [.unsafeFlags(["-isystem", arrow + "/include", "-fvisibility=hidden", "-O2"])],
        linkerSettings: arrowLinkerSettings),
      .systemLibrary(name: "CPostgres"),
      .systemLibrary(name: "CZlib"),
      .systemLibrary(name: "CRDKafka"),
      .target(name: "CRabbit", linkerSettings: [.linkedLibrary("rabbitmq")]),
      .target(
        name: "CLearners", cxxSettings: [.unsafeFlags(["-O2", "-fvisibility=hidden"])],
        linkerSettings: [.linkedLibrary("xgboost"), .linkedLibrary("svm")]),
      .target(name: "CGeneration", cxxSettings: [.unsafeFlags(["-O2", "-fvisibility=hidden"])]),
    ],
    // Floor 1
    module("MartletCore", from: [crypto]),
    [.target(name: "FuzzTesting", path: "Tests/Support/FuzzTesting", swiftSettings: swiftSettings)],
    module("Torch", from: ["MartletCore", "CTorch"], tests: ["FuzzTesting"], fixtures: true),
    module("OperatorGenerator", from: [yams]),
    // Floor 2
    module("NN", from: ["MartletCore", "Torch"], fixtures: true),
    module("Images", from: ["MartletCore", "Torch", "CImage"], tests: ["FuzzTesting"], fixtures: true),
    module("Charts", from: ["MartletCore"]),
    module(
      "Hub",
      from: [
        "MartletCore", crypto, httpClient, nioCore, .product(name: "NIOHTTP1", package: "swift-nio"),
        .product(name: "NIOPosix", package: "swift-nio"),
      ]),
    module("Text", from: ["MartletCore"], tests: ["FuzzTesting"], fixtures: true),
    module(
      "Databases",
      from: [
        "MartletCore", "CPostgres", .product(name: "GRDB", package: "GRDB.swift"), .product(name: "GRDBSQLite", package: "GRDB.swift"),
      ], tests: ["DatabaseTesting"]),
    [
      .target(
        name: "DatabaseTesting", dependencies: ["Databases"], path: "Tests/Support/DatabaseTesting", swiftSettings: swiftSettings)
    ],
    module("Tables", from: ["MartletCore", "Torch", "CArrow", "CPostgres", .product(name: "GRDB", package: "GRDB.swift")], fixtures: true),
    module("Access", from: ["MartletCore", crypto]),
    // Floor 3
    module("Training", from: ["MartletCore", "Torch", "NN", "Charts"], fixtures: true),
    module("Models", from: ["MartletCore", "Torch", "NN"], tests: ["Training", "Images", "FuzzTesting"], fixtures: true),
    module("Recipes", from: ["MartletCore", "Torch", "NN", "Training", "Tables", "Text"], fixtures: true),
    module("Learners", from: ["MartletCore", "Torch", "NN", "Training", "Models", "Tables", "CLearners"], fixtures: true),
    module(
      "Web",
      from: [
        "MartletCore", "CZlib", "Access", crypto, hummingbird, .product(name: "HummingbirdCore", package: "hummingbird"), httpTypes,
        logging, nioCore,
        .product(name: "NIOHTTP1", package: "swift-nio"), .product(name: "NIOPosix", package: "swift-nio"),
        .product(name: "NIOFoundationCompat", package: "swift-nio"), .product(name: "NIOTLS", package: "swift-nio"),
        .product(name: "NIOHTTPTypes", package: "swift-nio-extras"), .product(name: "NIOSSL", package: "swift-nio-ssl"),
        .product(name: "X509", package: "swift-certificates"), .product(name: "SwiftASN1", package: "swift-asn1"),
        .product(name: "JWTKit", package: "jwt-kit"), .product(name: "AsyncHTTPClient", package: "async-http-client"),
      ], tests: ["FuzzTesting", .product(name: "CryptoExtras", package: "swift-crypto")]),
    // Floor 4
    module("Generation", from: ["MartletCore", "Torch", "NN", "Text", "Models", "CGeneration"], fixtures: true),
    module("Evaluation", from: ["MartletCore", "Charts"], fixtures: true),
    module("Profiling", from: ["MartletCore", "Charts", "Tables", "Learners", "Evaluation"], fixtures: true),
    module("Selection", from: ["MartletCore", "Tables", "Recipes", "Learners", "Evaluation"]),
    module("TextTasks", from: ["MartletCore", "Torch", "NN", "Text", "Tables", "Training", "Models", "Evaluation"]),
    // Floor 5
    module("Bundles", from: ["MartletCore"], tests: ["FuzzTesting"]),
    module(
      "Registry",
      from: [
        "MartletCore", "Bundles", "Databases", crypto, httpClient, nioCore, .product(name: "NIOHTTP1", package: "swift-nio"),
      ], tests: ["DatabaseTesting", .product(name: "GRDB", package: "GRDB.swift")]),
    module("Releases", from: ["MartletCore"]),
    module("Jobs", from: ["MartletCore", "Tables"]),
    module("Streams", from: ["MartletCore", "CRDKafka", "CRabbit"]),
    module("Deployment", from: ["MartletCore"]),
    [
      // The messages and services of Sources/InferenceProtocol/*.proto; Tools/generate-protocol writes them.
      .target(
        name: "InferenceProtocol",
        dependencies: [
          .product(name: "GRPCCore", package: "grpc-swift-2"), .product(name: "GRPCProtobuf", package: "grpc-swift-protobuf"),
          .product(name: "SwiftProtobuf", package: "swift-protobuf"),
        ], exclude: ["inference.proto", "health.proto"], swiftSettings: [.enableUpcomingFeature("InternalImportsByDefault")])
    ],
    module(
      "Tracking", from: ["MartletCore", "Databases", "Bundles", "Registry"], tests: ["DatabaseTesting"]),
    // Floor 6
    module(
      "TrackingServer",
      from: [
        "MartletCore", "Access", "Web", "Databases", "Bundles", "Registry", "Tracking", hummingbird,
        .product(name: "HummingbirdCore", package: "hummingbird"), httpTypes, logging, nioCore,
        .product(name: "NIOPosix", package: "swift-nio"),
      ], tests: [.product(name: "HummingbirdTesting", package: "hummingbird")]),
    module(
      "Serving",
      from: [
        "MartletCore", "Access", "Web", "Releases", "InferenceProtocol", .product(name: "GRPCCore", package: "grpc-swift-2"),
        .product(name: "NIOSSL", package: "swift-nio-ssl"), .product(name: "NIOCertificateReloading", package: "swift-nio-extras"),
        .product(name: "GRPCProtobuf", package: "grpc-swift-protobuf"),
        .product(name: "GRPCNIOTransportHTTP2", package: "grpc-swift-nio-transport"),
        .product(name: "SwiftProtobuf", package: "swift-protobuf"), hummingbird, .product(name: "HummingbirdCore", package: "hummingbird"),
        httpTypes, logging, nioCore,
        .product(name: "NIOHTTP1", package: "swift-nio"), .product(name: "NIOPosix", package: "swift-nio"), serviceLifecycle,
        .product(name: "UnixSignals", package: "swift-service-lifecycle"),
      ],
      tests: [
        .product(name: "HummingbirdTesting", package: "hummingbird"),
        .product(name: "X509", package: "swift-certificates"), .product(name: "SwiftASN1", package: "swift-asn1"), crypto,
      ]),
    // Floor 7
    module("Project", from: ["MartletCore", "Access", yams]),
    module(
      "Commands",
      from: [
        "MartletCore", "Access", "Charts", "Evaluation", "Bundles", "Registry", "Releases", "Deployment", "Project", arguments, httpClient,
        nioCore, .product(name: "NIOHTTP1", package: "swift-nio"), .product(name: "NIOSSL", package: "swift-nio-ssl"),
      ],
      tests: [
        .product(name: "NIOPosix", package: "swift-nio"), .product(name: "X509", package: "swift-certificates"),
        .product(name: "SwiftASN1", package: "swift-asn1"), crypto,
      ]),
    module(
      "Martlet",
      from: [
        "MartletCore", "Torch", "NN", "Images", "Charts", "Training", "Models", "Text", "Generation", "Tables", "Recipes", "Learners",
        "Hub", "Access", "Evaluation", "Profiling", "Selection", "TextTasks", "Bundles", "Registry",
        "Releases", "Tracking", "Jobs", "Streams",
        "Web", "TrackingServer", "Serving", "Project", "Commands", logging,
      ],
      tests: [
        "DatabaseTesting", .product(name: "GRDB", package: "GRDB.swift"),
        .product(name: "HummingbirdTesting", package: "hummingbird"), hummingbird, httpTypes, nioCore,
      ]),
    [
      .executableTarget(name: "MartletCommand", dependencies: ["Commands"], swiftSettings: swiftSettings),
      .executableTarget(name: "MartletEngine", dependencies: ["Martlet", "Commands"], swiftSettings: swiftSettings),
      example("LoopByHandExample", in: "loop-by-hand"), example("TrainerExample", in: "trainer"),
      example("CustomLayerExample", in: "custom-layer"), example("ResumeExample", in: "resume"),
      example("DataParallelExample", in: "data-parallel"),
      example("OverfittingExample", in: "overfitting"), example("GradientsExample", in: "gradients"),
      example("SchedulesExample", in: "schedules"), example("MixedPrecisionExample", in: "mixed-precision"),
      example("TransferExample", in: "transfer"), example("AugmentationExample", in: "augmentation"),
      example("NextActionExample", in: "next-action"), example("KNNImagesExample", in: "knn-images"),
      example("TextClassificationExample", in: "text-classification"), example("LanguagesExample", in: "languages"),
      .testTarget(
        name: "ExamplesTests",
        dependencies: [
          "LoopByHandExample", "TrainerExample", "CustomLayerExample", "ResumeExample", "DataParallelExample", "OverfittingExample",
          "GradientsExample", "SchedulesExample",
          "MixedPrecisionExample", "TransferExample", "AugmentationExample", "NextActionExample", "KNNImagesExample", "LanguagesExample",
          "Martlet",
        ],
        path: "Tests/ExamplesTests", swiftSettings: swiftSettings),
      .executableTarget(name: "martlet-bench", dependencies: ["Martlet"], path: "Benchmarks/swift", swiftSettings: swiftSettings),
      .executableTarget(name: "generate-schema", dependencies: ["Martlet", "MartletCore"], swiftSettings: swiftSettings),
      .executableTarget(name: "generate-operators", dependencies: ["OperatorGenerator", arguments], swiftSettings: swiftSettings),
    ],
  ].flatMap { $0 },
  swiftLanguageModes: [.v6],
  cxxLanguageStandard: .cxx20
)
