# signatures.py: do the tables of operators say where C++ puts the arguments that the names tell?
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# usage: torch_table | c++filt | signatures.py
# The types are spelled out by c++filt. How each is passed (x86-64 System V, Itanium C++): words in
# whole-number registers, in vector registers, on the stack when the registers are full; registers
# None: always on the stack. What is not trivially copied goes by reference: one word.
import re
import sys

REGISTERS = 6
PASSED = [
    (r'.*&$', (1, 0, 1)),
    (r'(bool|long|c10::(ScalarType|SymInt|Layout|Device|MemoryFormat))$', (1, 0, 1)),
    (r'double$', (0, 1, 1)),
    (r'(c10|std)::optional<(bool|c10::(ScalarType|Layout|MemoryFormat|Device))>$', (1, 0, 1)),
    (r'(c10|std)::optional<(at::Generator|c10::SymInt)>$', (1, 0, 1)),       # by reference
    (r'(c10|std)::optional<long>$', (2, 0, 2)),
    (r'c10::optional<double>$', (2, 0, 2)),     # a union with a character: whole numbers
    (r'std::optional<double>$', (1, 1, 2)),
    (r'c10::ArrayRef<|c10::basic_string_view<|std::basic_string_view<', (2, 0, 2)),
    (r'c10::optional<c10::basic_string_view<', (1, 0, 1)),                     # by reference
    (r'c10::optional<c10::ArrayRef<', (2, 0, 2)),
    (r'std::optional<(c10::ArrayRef|c10::basic_string_view|std::basic_string_view)<', (None, 0, 3)),
]


def passed(name, c10):
    if name.startswith('c10::OptionalArrayRef<'):   # the size changed with the optional inside
        return (2, 0, 2) if c10 else (None, 0, 3)
    return next(words for pattern, words in PASSED if re.match(pattern, name))


def arguments(declaration):
    text, found, depth = declaration[declaration.index('::call(') + 7:-1], [''], 0
    for c in text:
        depth += (c in '<(') - (c in '>)')
        if c == ',' and depth == 0:
            found.append('')
        else:
            found[-1] += c
    return [a.strip() for a in found]


def layout(words, hidden):
    places, used, vectors, stack = [], int(hidden), 0, 0
    for whole, vector, on_stack in words:
        if whole is None or used + whole > REGISTERS or vectors + vector > 8:
            places.append(('stack', stack))
            stack += on_stack
        elif whole:
            places.append(('register', used))
            used, vectors = used + whole, vectors + vector
        else:
            places.append(('vector', vectors))
            vectors += vector
    return places, stack


TABLE = {'d': (0, 1, 0), 'z': (1, 0, 3), 'l': (2, 0, 2), 'a': (2, 0, 2), 'D': (1, 0, 2)}
signatures, checked, wrong = {}, 0, 0
for line in sys.stdin:
    what, rest = line.rstrip('\n').split(' ', 1)
    if what == 'signature':
        name, letters, words = rest.split()
        signatures[name] = letters, int(words)
        continue
    declaration, name, roles = rest.rsplit(' ', 2)
    letters, words = signatures[name]
    types, hidden, roles = arguments(declaration), roles[0] != 'r', roles[2:-1]
    assumed, _ = layout([TABLE.get(c, (1, 0, 1)) for c in letters], hidden)
    of_c10 = any(t.startswith('c10::optional') for t in types)
    of_std = any(t.startswith(('std::optional', 'std::basic')) for t in types)
    for c10 in [True] if of_c10 else [False] if of_std else [True, False]:
        real, stack = layout([passed(t, c10) for t in types], hidden)
        bad = [r for r, a, b in zip(roles, assumed, real) if r != '.' and a != b]
        returns_reference = types[0] == 'at::Tensor&' or types[-1] == 'at::Tensor&'
        if len(types) != len(letters) or stack > words or bad or returns_reference == hidden:
            print(declaration, name, words, 'words on the stack are', stack, bad)
            wrong += 1
    checked += 1
print(checked, 'operators')
sys.exit(wrong > 0 or checked < 350)
