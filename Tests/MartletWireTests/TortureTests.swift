import MartletJSON
import MartletWire
import MartletWellKnown
import Testing
import TortureSchema

/// That the Swift of torture.proto compiles without a warning is most of the test.
@Suite("Names that get in each other's way")
struct TortureTests {
  /// Tag and value of fields of numbers below 128, each its own number's value.
  private func bytes(_ numbers: some Sequence<UInt64>) -> [UInt8] {
    numbers.flatMap { number -> [UInt8] in
      let tag = number << 3
      let tagBytes = tag < 128 ? [UInt8(tag)] : [UInt8(tag & 127) | 128, UInt8(tag >> 7)]
      return tagBytes + [UInt8(number)]
    }
  }

  @Test("fields named like words and members of Swift survive the wire and JSON")
  func words() throws {
    let all = bytes((1...73).filter { $0 != 70 })
    let words = try Words(decoding: all)
    #expect(words.unknownFields.isEmpty && words.encoded() == all)
    #expect(words.self_ == 37 && words.`default` == 8 && words.init_ == 24 && words.`await` == 52)
    #expect(words.underscore == 69 && words._1 == 71 && words.none == 73)
    #expect(try Words(json: words.jsonString()) == words)

    let more = bytes(1...40)
    let members = try Members(decoding: more)
    #expect(members.unknownFields.isEmpty && members.encoded() == more)
    #expect(members.description_ == 1 && members.unknownFields_ == 5 && members.hash_ == 4)
    #expect(members.description.hasPrefix("torture.v1.Members(description_: 1, "))
    #expect(try Members(json: members.jsonString()) == members)
  }

  @Test("fields named like the locals of generated code are those fields")
  func locals() throws {
    let message = MoreLocals.with {
      $0.reader = ["a"]
      $0.writer = ["b": "c"]
      $0.value = Members.with { $0.key = 3 }
      $0.tag = "d"
      $0.bound = [1]
      $0.entry = [Members.with { $0.isKnown = 1 }]
      $0.key = [7: Members()]
      $0.object = .fine
      $0.field = ""
      $0.held = MoreLocals.with { $0.tag = "inner" }
      $0.window = [-1, 2]
      $0.buffer = [.fine]
      $0.oneof = .values("e")
    }
    #expect(try MoreLocals(decoding: message.encoded()) == message)
    #expect(try MoreLocals(json: message.jsonString()) == message)
  }

  @Test("nested types keep out of the way of the types that their message names")
  func hidden() throws {
    let foo = TortureSchema.Foo.with {
      $0.inner = Foo.Foo_.with { $0.bar = Foo.Bar_.with { $0.outer = Bar.with { $0.number = 4 } } }
      $0.outer = TortureSchema.Foo.with { $0.top = Bar.with { $0.number = 5 } }
    }
    #expect(try Foo(decoding: foo.encoded()) == foo)
    #expect(try Foo(json: foo.jsonString()) == foo)

    let hider = Hider.with {
      $0.mineToo = Hider.Bar_.Baz.with { $0.text = "mine" }
      $0.theirsToo = Bar.Baz.with { $0.number = 1 }
      $0.choice = Hider.ChoiceOneof.chosen(Choice.with { $0.choice = .choice(7) })
      $0.status = Hider.StatusOneof.statusOfIt(.fine)
    }
    #expect(try Hider(decoding: hider.encoded()) == hider)

    let outer = Outer.with {
      $0.s = Outer.String_.with { $0.text = "nested" }
      $0.plain = "Swift's"
      $0.b = Outer.Bool_.false
      $0.real = true
    }
    #expect(try Outer(decoding: outer.encoded()) == outer)
    #expect(Timestamp.with { $0.timestamp = ProtoTimestamp() }.timestamp != nil)
  }

  @Test("two names that Swift spells alike stay two fields, cases, values")
  func twins() throws {
    let all = bytes([1, 2, 3, 4, 7, 9])
    let twins = try Twins(decoding: all)
    #expect(twins.url == 1 && twins.url_2 == 2 && twins.`default` == 3 && twins.default_4 == 4)
    #expect(twins.pick == .one(7) && twins.pick_ == .two(9))
    #expect(try Twins(decoding: [64, 8]).pick == .one_8(8))
    #expect(twins.encoded() == all)
    let cases = Cases.with { $0.value = .none_(1) }
    #expect(try Cases(decoding: cases.encoded()).value == .none_(1))
    #expect(Set(Values.allNamed.map(\.rawValue)).count == Values.allNamed.count)
    #expect(Values.aB.rawValue == 15 && Values.aB_minus15.rawValue == -15)
  }

  @Test("what the schema deprecates is kept, though generated code never names it")
  func deprecated() throws {
    // number: 5, next: {number: 6}, list: ["a"], rusty: RUSTY_ONE, default: 3, case: 9
    let bytes: [UInt8] = [8, 5, 18, 2, 8, 6, 26, 1, 97, 40, 1, 48, 3, 56, 9]
    let old = try Old(decoding: bytes)
    #expect(old.unknownFields.isEmpty && old.encoded() == bytes)
    #expect(old.description.contains("(number: 5, next: "))
    #expect(try Old(json: old.jsonString()) == old)
    #expect(old.one == .case(9) && old.fresh == Rusty(rawValue: 0))
  }

  @Test("a message's field is made where it is first written to")
  func orNew() {
    var foo = Foo()
    #expect(foo.bar.orNew.outer.orNew.number == 0)
    #expect(foo.bar == nil)
    foo.bar.orNew.outer.orNew.number = 3
    #expect(foo.bar?.outer?.number == 3)
    foo.bar.orNew.outer.orNew.number += 1
    #expect(foo.bar?.outer?.number == 4)
  }
}
