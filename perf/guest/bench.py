# SPDX-License-Identifier: MIT
# bench.py: pure Python, a little of everything: calls, attributes, lists, dictionaries, strings, big and floating numbers.


def queens(n, row=0, columns=0, down=0, up=0):
    if row == n:
        return 1
    count = 0
    free = ~(columns | down | up) & ((1 << n) - 1)
    while free:
        bit = free & -free
        free ^= bit
        count += queens(n, row + 1, columns | bit, (down | bit) << 1, (up | bit) >> 1)
    return count


class Account:
    def __init__(self, name):
        self.name = name
        self.balance = 0

    def move(self, amount):
        self.balance += amount
        return self.balance & 7


def accounts(n):
    people = [Account("p%d" % i) for i in range(16)]
    x = 1
    for _ in range(n):
        x = (x * 1103515245 + 12345) & 0x7FFFFFFF
        people[(x >> 8) & 15].move(people[(x >> 16) & 15].move(x & 255))
    return sorted((p.balance, p.name) for p in people)[0]


def words(n):
    count = {}
    text = " ".join("w%d" % (i * i % 257) for i in range(n))
    for w in text.split():
        count[w] = count.get(w, 0) + 1
    return max((c, w) for w, c in count.items())


def series(n):
    total = 0.0
    for i in range(1, n):
        total += (-1.0) ** i / (i * 0.5 + total * total)
    return "%.12g" % total


def sieve(n):
    marks = [True] * n
    for i in range(2, int(n**0.5) + 1):
        if marks[i]:
            for k in range(i * i, n, i):
                marks[k] = False
    return sum(marks) - 2


def big(n):
    a, b = 0, 1
    for _ in range(n):
        a, b = b, a + b
    return len(str(a)), a % 1000003


print(queens(7), accounts(20000), words(15000), series(15000), sieve(60000), big(2000))
