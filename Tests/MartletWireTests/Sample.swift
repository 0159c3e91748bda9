import MartletWire
import WireTestSchema

/// Messages with every field set.
enum Sample {
  static func everything() -> (lists: Lists, maps: Maps, tree: Tree) {
    (lists(), maps(), tree())
  }

  static func scalars() -> Scalars {
    .with {
      $0.fDouble = 0.1
      $0.fFloat = -1.5
      $0.fInt32 = -7
      $0.fInt64 = .min
      $0.fUint32 = .max
      $0.fUint64 = .max
      $0.fSint32 = .min
      $0.fSint64 = -300
      $0.fFixed32 = 1
      $0.fFixed64 = 2
      $0.fSfixed32 = -3
      $0.fSfixed64 = -4
      $0.fBool = true
      $0.fString = "Zürich 漢字 🏃"
      $0.fBytes = [0, 255]
      $0.fLevel = Level(rawValue: 77)
    }
  }

  static func lists() -> Lists {
    .with {
      $0.fDouble = [0.5, -0.0]
      $0.fFloat = [1, 2, 3]
      $0.fInt32 = [0, -1, 1, .max, 5, 6, 7, 8, 9, 10, 11]
      $0.fInt64 = [.min, 0, .max]
      $0.fUint32 = [1, 128, 16_384, .max]
      $0.fUint64 = [1 << 63, 3]
      $0.fSint32 = [-1, 1]
      $0.fSint64 = [.min, .max]
      $0.fFixed32 = [9]
      $0.fFixed64 = [10, 11]
      $0.fSfixed32 = [-12]
      $0.fSfixed64 = [-13]
      $0.fBool = [true, false, true]
      $0.fString = ["", "a", "žž"]
      $0.fBytes = [[], [1, 2]]
      $0.fLevel = [.low, .high, .deep, Level(rawValue: 5)]
      $0.fMessage = [scalars(), Scalars()]
    }
  }

  static func maps() -> Maps {
    .with {
      $0.int32Int32 = [-1: 1, 0: 0]
      $0.int64String = [.min: "low"]
      $0.uint32Bytes = [7: [1, 2, 3]]
      $0.uint64Double = [.max: 0.25]
      $0.sint32Sint64 = [-5: -6]
      $0.sint64Float = [1: 1]
      $0.fixed32Fixed64 = [1: 2]
      $0.fixed64Sfixed32 = [3: -4]
      $0.sfixed32Sfixed64 = [-5: -6]
      $0.sfixed64Uint32 = [-7: 8]
      $0.boolUint64 = [false: 0, true: 1]
      $0.stringLevel = ["": .below, "x": .low]
      $0.stringScalars = ["s": scalars()]
      $0.stringMaps = ["m": .with { $0.int32Bool = [1: true] }]
      $0.int32Bool = [2: false]
    }
  }

  static func tree() -> Tree {
    .with {
      $0.name = "root"
      $0.left = .with { $0.name = "left" }
      $0.right = .with { $0.left = .with { $0.name = "deep" } }
      $0.children = [Tree(), .with { $0.name = "child" }]
      $0.byName = ["a": .with { $0.name = "a" }]
      $0.owner = .with {
        $0.kind = .kind2d
        $0.tree = Tree()
      }
      $0.hold = .held(.with { $0.tree = .with { $0.name = "held" } })
    }
  }
}
