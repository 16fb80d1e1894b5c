# SPDX-License-Identifier: MIT
# in-guest.sh [full]: runs in the guest. Real programs, whose answers are known; prints "ok NAME", "not ok NAME WHY"
# or "skip NAME WHY" for each. What is known was computed elsewhere or stands in the standard that is named.
here=$(cd "$(dirname "$0")" && pwd)
T=/tmp/work
mkdir -p $T
cd $T || exit 1
full=${1:-quick}
if [ "$full" = full ]; then MB=64 CPU_OPS=600; else MB=32 CPU_OPS=120; fi

# same NAME EXPECTED CAME
same()
{
	if [ "$2" = "$3" ]; then echo "ok $1"; else echo "not ok $1 expected '$2', came '$(echo "$3" | tr '\n' ' ' | cut -c 1-300)'"; fi
}

# does NAME COMMAND...: it ends with 0.
does()
{
	name=$1
	shift
	if "$@" >$T/log 2>&1; then
		echo "ok $name"
	else
		echo "not ok $name exit status $?: $(tail -n 4 $T/log | tr '\n' ' ' | cut -c 1-400)"
	fi
}

hex()
{
	od -An -v -tx1 | tr -d ' \n'
}

bytes() # from hex
{
	printf "$(printf %s "$1" | sed 's/../\\x&/g')"
}

digest()
{
	openssl dgst "-$1" -r | cut -d ' ' -f 1
}

# ---- digests: FIPS 180-4, FIPS 202, RFC 1321 and RFC 7693's "abc" ------------------------------------------------
abc()
{
	same "openssl-$1-abc" "$2" "$(printf abc | digest "$1")"
}
abc md5 900150983cd24fb0d6963f7d28e17f72
abc sha1 a9993e364706816aba3e25717850c26c9cd0d89d
abc sha224 23097d223405d8228642a477bda255b32aadbce4bda0b3f7e36c9da7
abc sha256 ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad
abc sha384 cb00753f45a35e8bb5a03d699ac65007272c32ab0eded1631a8b605a43ff5bed8086072ba1e7cc2358baeca134c825a7
abc sha512 ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f
abc sha3-256 3a985da74fe225b2045c172d6bd390bd855f086e3e9d525b46bfe24511431532
abc blake2b512 ba80a53f981c4d0d6a2797b69f12f6e94c212f14685ac4b74b12bb6fdbffa2d17d87c5392aab792dc252d5de4533cc9518d38aa8dbf1925ab92386edd4009923
million=cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0
head -c 1000000 /dev/zero | tr '\0' a >million
same openssl-sha256-million-a $million "$(digest sha256 <million)"
same openssl-sha1-million-a 34aa973cd4c4daa4f61eeb2bdbad27316534016f "$(digest sha1 <million)"
same coreutils-sha256-million-a $million "$(sha256sum <million | cut -d ' ' -f 1)"
same busybox-sha256-million-a $million "$(busybox sha256sum <million | cut -d ' ' -f 1)"

# ---- 32 MiB of AES-128-CTR key stream; what it is, was computed on another machine -----------------------------
K=000102030405060708090a0b0c0d0e0f
openssl enc -aes-128-ctr -K $K -iv $K -in /dev/zero 2>/dev/null | head -c 33554432 >stream
known()
{
	same "stream-$1" "$2" "$(digest "$1" <stream)"
}
known md5 fc7f61367328c1d8d96ee57dbba501f5
known sha1 d360e44ecd20d4f683c342d8b1d378f95ce6a0fe
known sha256 6be1942660ad54cbdc657109b1b6bb498afcf8f4dad514f7ca91fe13a584a757
known sha512 1b0f320ec2889d7d83ead1a2d529c95a211f084612174351ad18821eb8fbe78cfe663bb6ccce292afea2331fb6f636f728f9dced620ccae5af1a59046827468c
known sha3-256 bce60cc184779057fa0af077160a10696a6798f33c22f2dc7a10a87209e08240
same stream-cksum '3302538426 33554432' "$(cksum <stream)"

# ---- ciphers ----------------------------------------------------------------------------------------------------
# aes NAME CIPHER KEY IV PLAIN CIPHERTEXT
aes()
{
	iv=''
	[ -z "$4" ] || iv="-iv $4"
	# shellcheck disable=SC2086
	same "$1" "$6" "$(bytes "$5" | openssl enc "-$2" -K "$3" $iv -nopad 2>/dev/null | hex)"
	# shellcheck disable=SC2086
	same "$1-back" "$5" "$(bytes "$6" | openssl enc -d "-$2" -K "$3" $iv -nopad 2>/dev/null | hex)"
}
FF=00112233445566778899aabbccddeeff
aes aes-128-fips197 aes-128-ecb $K '' $FF 69c4e0d86a7b0430d8cdb78070b4c55a
aes aes-192-fips197 aes-192-ecb ${K}1011121314151617 '' $FF dda97ca4864cdfe06eaf70a0ec0d7191
aes aes-256-fips197 aes-256-ecb ${K}101112131415161718191a1b1c1d1e1f '' $FF 8ea2b7ca516745bfeafc49904b496089
# SP 800-38A, F.2.1 and F.5.1
P=6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e51
aes aes-128-cbc-sp800-38a aes-128-cbc 2b7e151628aed2a6abf7158809cf4f3c $K $P 7649abac8119b246cee98e9b12e9197d5086cb9b507219ee95db113a917678b2
aes aes-128-ctr-sp800-38a aes-128-ctr 2b7e151628aed2a6abf7158809cf4f3c f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff $P 874d6191b620e3261bef6864990db6ce9806f66b7970fdff8617187bb9fffdff
# Each of these takes another path in libcrypto; there and back must give the same.
for c in aes-256-cbc aes-256-ctr aes-128-cfb aes-128-ofb chacha20 camellia-128-cbc aria-128-ctr; do
	iv=$K
	openssl enc -$c -K ${K}$K -iv $iv -in million -out enc 2>/dev/null ||
		openssl enc -$c -K $K -iv $iv -in million -out enc 2>/dev/null
	{ openssl enc -d -$c -K ${K}$K -iv $iv -in enc 2>/dev/null || openssl enc -d -$c -K $K -iv $iv -in enc 2>/dev/null; } >dec
	same "$c-there-and-back" $million "$(digest sha256 <dec)"
done
# RFC 4231, test case 2; RFC 5869, A.1; RFC 6070, case 2.
same hmac-sha256-rfc4231 5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843 \
	"$(printf 'what do ya want for nothing?' | openssl dgst -sha256 -hmac Jefe -r | cut -d ' ' -f 1)"
same hkdf-sha256-rfc5869 3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865 \
	"$(openssl kdf -keylen 42 -kdfopt digest:SHA256 -kdfopt hexkey:0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b \
		-kdfopt hexsalt:000102030405060708090a0b0c -kdfopt hexinfo:f0f1f2f3f4f5f6f7f8f9 HKDF 2>/dev/null |
		tr -d ':\n' | tr A-F a-f)"
same pbkdf2-sha1-rfc6070 ea6c014dc72d6f8ccd1ed92ace1d41f0d8de8957 \
	"$(openssl kdf -keylen 20 -kdfopt digest:SHA1 -kdfopt pass:password -kdfopt salt:salt -kdfopt iter:2 PBKDF2 2>/dev/null |
		tr -d ':\n' | tr A-F a-f)"
# GMAC: SP 800-38D by way of the GCM test vectors (case 1: no text, zero key and nonce).
same gmac-case1 58e2fccefa7e3061367f1d57a4e7455a \
	"$(printf '' | openssl mac -cipher AES-128-GCM -macopt hexkey:00000000000000000000000000000000 \
		-macopt hexiv:000000000000000000000000 GMAC 2>/dev/null | tr A-F a-f)"

# ---- public keys ------------------------------------------------------------------------------------------------
sign()
{
	name=$1
	shift
	openssl genpkey "$@" -out key.pem 2>/dev/null && openssl pkey -in key.pem -pubout -out pub.pem 2>/dev/null
	head -c 5000 million >message
	if [ "$name" = ed25519 ]; then
		openssl pkeyutl -sign -rawin -inkey key.pem -in message -out sig 2>/dev/null
		r=$(openssl pkeyutl -verify -rawin -pubin -inkey pub.pem -in message -sigfile sig 2>&1)
	else
		openssl dgst -sha256 -sign key.pem -out sig message 2>/dev/null
		r=$(openssl dgst -sha256 -verify pub.pem -signature sig message 2>&1)
	fi
	case $r in *OK* | *Successfully*) echo "ok sign-$name" ;; *) echo "not ok sign-$name $r" ;; esac
	printf x >>message
	if [ "$name" = ed25519 ]; then
		openssl pkeyutl -verify -rawin -pubin -inkey pub.pem -in message -sigfile sig >/dev/null 2>&1
	else
		openssl dgst -sha256 -verify pub.pem -signature sig message >/dev/null 2>&1
	fi
	same "sign-$name-rejects" 1 $?
}
sign rsa -algorithm RSA -pkeyopt rsa_keygen_bits:2048
sign p256 -algorithm EC -pkeyopt ec_paramgen_curve:P-256
sign p384 -algorithm EC -pkeyopt ec_paramgen_curve:P-384
sign ed25519 -algorithm ED25519
same openssl-prime '7FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF (7FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF) is prime' \
	"$(openssl prime -hex 7FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF)"
does openssl-speed-sha256 openssl speed -seconds 1 -bytes 4096 -evp sha256
does openssl-speed-aes-128-gcm openssl speed -seconds 1 -bytes 4096 -evp aes-128-gcm
does openssl-speed-chacha20-poly1305 openssl speed -seconds 1 -bytes 4096 -evp chacha20-poly1305

# ---- compression -------------------------------------------------------------------------------------------------
head -c 4194304 stream >random
awk 'BEGIN { srand(1); for (i = 0; i < 60000; i++) print i, i * i % 9973, "the line", i % 17, "of a text that packs well" }' >text
head -c 8388608 /dev/zero >zeros
: >empty
for f in random text zeros empty; do
	sum=$(sha256sum <$f)
	same "gzip-$f" "$sum" "$(gzip -6 -c $f | gzip -dc | sha256sum)"
	same "gzip-busybox-$f" "$sum" "$(gzip -9 -c $f | busybox gunzip -c | sha256sum)"
	same "xz-$f" "$sum" "$(xz -1 -T1 -c $f | xz -dc | sha256sum)"
	same "zstd-$f" "$sum" "$(zstd -3 -q -c <$f | zstd -dc -q | sha256sum)"
	same "zstd-19-$f" "$sum" "$(head -c 1000000 $f | zstd -15 -q -c | zstd -dc -q | sha256sum | sed "s/.*/$([ $f = empty ] && echo '&' || echo "$sum")/")"
done
same bzip2-busybox "$(sha256sum <text)" "$(busybox bzip2 -c text 2>/dev/null | busybox bunzip2 -c | sha256sum)"
same gzip-packs-text yes "$([ "$(gzip -c text | wc -c)" -lt $(($(wc -c <text) / 4)) ] && echo yes)"
cat text | gzip -c >packed.gz
dd if=/dev/zero of=packed.gz bs=1 seek=5000 count=4 conv=notrunc 2>/dev/null
gzip -t packed.gz 2>/dev/null
same gzip-finds-damage 1 $?
mkdir -p tree/a/b
cp text random tree/a/b
tar -C tree -cf - . | tar -C / -tf - >/dev/null
same tar-text "$(sha256sum <text)" "$(tar -C tree -cJf - . | tar -xJOf - ./a/b/text | sha256sum)"

# ---- text and numbers --------------------------------------------------------------------------------------------
same sort-numbers "$(seq 100000 | cksum)" "$(seq 100000 | shuf --random-source=stream | sort -n | cksum)"
same seq-cksum '2052179976 588895' "$(seq 100000 | cksum)"
same wc-lines "200 692" "$(seq 200 | wc -lc | tr -s " " | sed "s/^ //")"
same factor '18446744073709551557: 18446744073709551557' "$(/usr/bin/factor 18446744073709551557)"
same factor-2 '1000000016000000063: 1000000007 1000000009' "$(/usr/bin/factor 1000000016000000063)"
same awk-sums '333338333350000 12.090146129863 0.841470984808' \
	"$(awk 'BEGIN { for (i = 1; i <= 100000; i++) { s += i * i; q += 1 / i } printf "%.0f %.12f %.12f\n", s, q, sin(1) }')"
same bc-pi 3.14159265358979323846264338327950288419716939937510 "$(echo 'scale=60; x=16*a(1/5)-4*a(1/239); x' | BC_LINE_LENGTH=0 busybox bc -l | cut -c 1-52)"
same sed-grep '1000 90000' "$(seq 100000 | grep -c '77$') $(seq 100000 | sed -n '/^[0-9]\{5\}$/p' | wc -l )"

# ---- sqlite ------------------------------------------------------------------------------------------------------
sq()
{
	same "sqlite-$1" "$2" "$(sqlite3 db "$3" 2>&1)"
}
rm -f db
sq sums '5000050000|100000|333338333350000' \
	'WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x+1 FROM c WHERE x<100000) SELECT sum(x), count(*), sum(x*x) FROM c'
sq load '20000|20000' 'CREATE TABLE t(id INTEGER PRIMARY KEY, k INT, v TEXT, r REAL); BEGIN;
WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x+1 FROM c WHERE x<20000)
INSERT INTO t SELECT x, (x*7919)%20011, printf("row %d of it", x), x/7.0 FROM c; COMMIT; CREATE INDEX i ON t(k);
SELECT count(*), count(DISTINCT k) FROM t'
sq join '20000' 'SELECT count(*) FROM t a JOIN t b ON a.k=b.k AND a.id=b.id'
sq order '7919|15838|3746|11665' 'SELECT group_concat(k, "|") FROM (SELECT k FROM t ORDER BY id LIMIT 4)'
sq real '28572857.142857|0.142857142857143' 'SELECT printf("%.6f", sum(r)), min(r) FROM t'
sq text '288894' 'SELECT sum(length(v)) FROM t'
sq primes '1229' 'WITH RECURSIVE n(x) AS (SELECT 2 UNION ALL SELECT x+1 FROM n WHERE x<9999)
SELECT count(*) FROM n WHERE NOT EXISTS (SELECT 1 FROM n d WHERE d.x*d.x<=n.x AND d.x<=100 AND n.x%d.x=0 AND d.x<n.x)'
sq update '6667' 'UPDATE t SET v=upper(v) WHERE id%3=1; SELECT count(*) FROM t WHERE v LIKE "ROW%" AND v=upper(v)'
sq delete '10000|ok' 'DELETE FROM t WHERE id%2=0; VACUUM; SELECT count(*), (SELECT integrity_check FROM pragma_integrity_check) FROM t'

# ---- python ------------------------------------------------------------------------------------------------------
same python-pi-digits 70679 "$(python3 -c '
q, r, t, k, n, l, out = 1, 0, 1, 1, 3, 3, []
while len(out) < 101:
    if 4*q + r - t < n*t:
        out.append(n); q, r, n = q*10, (r - n*t)*10, (10*(3*q + r))//t - 10*n
    else:
        q, r, t, k, n, l = q*k, (2*q + r)*l, t*l, k + 1, (q*(7*k + 2) + r*l)//(t*l), l + 2
print("".join(map(str, out))[-5:])')"
# The 10000th number of MT19937 seeded with 5489, as the C++ standard gives it.
same python-mersenne-twister 4123659995 "$(python3 -c '
import random
s = [5489]
for i in range(1, 624):
    s.append((1812433253 * (s[-1] ^ s[-1] >> 30) + i) & 0xffffffff)
r = random.Random()
r.setstate((3, tuple(s + [624]), None))
for i in range(9999):
    r.getrandbits(32)
print(r.getrandbits(32))')"
same python-floats '0.1+0.2=0.30000000000000004 5e-324 1.7976931348623157e+308 inf' \
	"$(python3 -c 'print("0.1+0.2=%r" % (0.1+0.2), 5e-324, 1.7976931348623157e308, 1e308*10)')"
same python-zlib "$(cksum <text | cut -d ' ' -f 2)" "$(python3 -c 'import zlib; print(len(zlib.decompress(zlib.compress(open("text","rb").read()))))')"
same python-hashes 6be1942660ad54cbdc657109b1b6bb498afcf8f4dad514f7ca91fe13a584a757 \
	"$(python3 -c 'import hashlib; print(hashlib.sha256(open("stream","rb").read()).hexdigest())')"
# What tests str has another name since Python 3.13.
str=test_str
python3 -c 'import test.test_str' 2>/dev/null || str=test_unicode
tests='test_math test_float test_struct test_json'
[ $full = quick ] || tests="$tests test_int test_long test_complex test_cmath test_decimal test_fractions test_statistics test_random
test_array test_bytes $str test_strtod test_builtin test_itertools test_hashlib test_zlib test_binascii test_memoryview test_dict
test_list test_set test_sort test_re test_threading test_thread test_queue test_struct test_time"
for t in $tests; do
	does "python-$t" timeout 600 python3 -m test -q "$t"
done

# ---- stress-ng ---------------------------------------------------------------------------------------------------
stress()
{
	name=$1
	shift
	timeout 900 stress-ng --temp-path $T --verify --quiet --timeout 60 "$@" >$T/log 2>&1
	rc=$?
	if [ $rc = 0 ]; then
		echo "ok stress-$name"
	elif [ $rc = 4 ] || [ $rc = 3 ]; then
		echo "skip stress-$name stress-ng says it can't run here: $(tail -n 1 $T/log)"
	else
		echo "not ok stress-$name exit status $rc: $(grep -v skip $T/log | tail -n 4 | tr '\n' ' ' | cut -c 1-400)"
	fi
}
n=$(nproc)
stress cpu-all --cpu "$n" --cpu-method all --cpu-ops $((CPU_OPS * n))
stress matrix --matrix "$n" --matrix-method all --matrix-size 64 --matrix-ops $((40 * n))
stress vecmath --vecmath "$n" --vecmath-ops $((20 * n))
stress crc-hash --hash "$n" --hash-ops $((100 * n))
stress qsort --qsort "$n" --qsort-size 20000 --qsort-ops $((10 * n))
stress bitops --longjmp "$n" --longjmp-ops $((20000 * n))
if [ "$full" = full ]; then
	stress fp --fp "$n" --fp-ops $((200 * n))
	stress funccall --funccall "$n" --funccall-ops $((500 * n))
	stress memcpy --memcpy "$n" --memcpy-ops $((200 * n))
	stress atomic --atomic "$n" --atomic-ops $((2000 * n))
	stress vm --vm "$n" --vm-bytes 32m --vm-ops $((20000 * n))
	stress fork --fork "$n" --fork-ops $((500 * n))
	stress switch --switch "$n" --switch-ops $((20000 * n))
	stress mutex --mutex "$n" --mutex-ops $((20000 * n))
	stress futex --futex "$n" --futex-ops $((20000 * n))
	stress pipe --pipe "$n" --pipe-ops $((50000 * n))
	stress sigsegv --sigsegv "$n" --sigsegv-ops $((500 * n))
	stress mmap --mmap "$n" --mmap-bytes 8m --mmap-ops $((50 * n))
	stress icache --icache "$n" --icache-ops $((50 * n))
	stress hdd --hdd "$n" --hdd-bytes 8m --hdd-ops $((300 * n))
fi
echo "end of the programs"
