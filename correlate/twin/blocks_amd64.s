#include "textflag.h"

// Two streams, of X1 to X6 and of X8 to X13, each of which waits for its own last
// instruction only. The words of a message are in four registers that take turns.

// LOAD takes the next four words from the message at p.
#define LOAD(at, p, w) \
	MOVOU  at(p), w \
	PSHUFB X15, w

// ROUNDS are four of them: with the words w, and the constants at k.
#define ROUNDS(k, w, abef, cdgh) \
	MOVOA       w, X0          \
	PADDD       k(AX), X0      \
	SHA256RNDS2 X0, abef, cdgh \
	PSHUFD      $0x0e, X0, X0  \
	SHA256RNDS2 X0, cdgh, abef

// MIX ends the words that come next: w are the newest.
#define MIX(w, before, next) \
	MOVOA      w, X7          \
	PALIGNR    $4, before, X7 \
	PADDD      X7, next       \
	SHA256MSG2 w, next

// TAKE, MAKE and LAST are four rounds of both streams: with words out of the messages;
// with words that were made, of which w0 are the newest, w3 those before them and w1
// those that come next; and when none come next.
#define TAKE(k, a, b) \
	LOAD(k, SI, a)         \
	ROUNDS(k, a, X1, X2)   \
	LOAD(k, R9, b)         \
	ROUNDS(k, b, X8, X9)

#define MAKE(k, a3, a0, a1, b3, b0, b1) \
	ROUNDS(k, a0, X1, X2)  \
	MIX(a0, a3, a1)        \
	SHA256MSG1 a0, a3      \
	ROUNDS(k, b0, X8, X9)  \
	MIX(b0, b3, b1)        \
	SHA256MSG1 b0, b3

#define LAST(k, a, b) \
	ROUNDS(k, a, X1, X2)   \
	ROUNDS(k, b, X8, X9)

// IN takes the state at p apart as the instructions have it, and OUT puts it together.
#define IN(p, abef, cdgh) \
	MOVOU   (p), abef         \
	MOVOU   16(p), cdgh       \
	PSHUFD  $0xb1, abef, abef \
	PSHUFD  $0x1b, cdgh, cdgh \
	MOVOA   abef, X7          \
	PALIGNR $8, cdgh, abef    \
	PBLENDW $0xf0, X7, cdgh

#define OUT(p, abef, cdgh) \
	PSHUFD  $0x1b, abef, abef \
	PSHUFD  $0xb1, cdgh, cdgh \
	MOVOA   abef, X7          \
	PBLENDW $0xf0, cdgh, abef \
	PALIGNR $8, X7, cdgh      \
	MOVOU   abef, (p)         \
	MOVOU   cdgh, 16(p)

// ADD adds what is at a place of the stack.
#define ADD(at, to) \
	MOVOU at(SP), X7 \
	PADDD X7, to

// func blocks(a, b *[8]uint32, p, q *byte, n int)
TEXT ·blocks(SB), NOSPLIT, $64-40
	MOVQ  a+0(FP), DI
	MOVQ  b+8(FP), R8
	MOVQ  p+16(FP), SI
	MOVQ  q+24(FP), R9
	MOVQ  n+32(FP), CX
	LEAQ  constants<>(SB), AX
	MOVOU flip<>(SB), X15
	IN(DI, X1, X2)
	IN(R8, X8, X9)

block:
	MOVOU X1, 0(SP)
	MOVOU X2, 16(SP)
	MOVOU X8, 32(SP)
	MOVOU X9, 48(SP)

	TAKE(0, X3, X10)
	TAKE(16, X4, X11)
	SHA256MSG1 X4, X3
	SHA256MSG1 X11, X10
	TAKE(32, X5, X12)
	SHA256MSG1 X5, X4
	SHA256MSG1 X12, X11
	LOAD(48, SI, X6)
	LOAD(48, R9, X13)
	MAKE(48, X5, X6, X3, X12, X13, X10)
	MAKE(64, X6, X3, X4, X13, X10, X11)
	MAKE(80, X3, X4, X5, X10, X11, X12)
	MAKE(96, X4, X5, X6, X11, X12, X13)
	MAKE(112, X5, X6, X3, X12, X13, X10)
	MAKE(128, X6, X3, X4, X13, X10, X11)
	MAKE(144, X3, X4, X5, X10, X11, X12)
	MAKE(160, X4, X5, X6, X11, X12, X13)
	MAKE(176, X5, X6, X3, X12, X13, X10)
	MAKE(192, X6, X3, X4, X13, X10, X11)
	LAST(208, X4, X11)
	MIX(X4, X3, X5)
	MIX(X11, X10, X12)
	LAST(224, X5, X12)
	MIX(X5, X4, X6)
	MIX(X12, X11, X13)
	LAST(240, X6, X13)

	ADD(0, X1)
	ADD(16, X2)
	ADD(32, X8)
	ADD(48, X9)
	ADDQ $64, SI
	ADDQ $64, R9
	DECQ CX
	JNZ  block
	OUT(DI, X1, X2)
	OUT(R8, X8, X9)
	RET

// func cpuid(leaf uint32) (max, b, c uint32)
TEXT ·cpuid(SB), NOSPLIT, $0-20
	MOVL leaf+0(FP), AX
	XORL CX, CX
	CPUID
	MOVL AX, max+8(FP)
	MOVL BX, b+12(FP)
	MOVL CX, c+16(FP)
	RET

// The words of a message come with their first byte last.
DATA flip<>+0(SB)/8, $0x0405060700010203
DATA flip<>+8(SB)/8, $0x0c0d0e0f08090a0b
GLOBL flip<>(SB), RODATA|NOPTR, $16

DATA constants<>+0(SB)/8, $0x71374491428a2f98
DATA constants<>+8(SB)/8, $0xe9b5dba5b5c0fbcf
DATA constants<>+16(SB)/8, $0x59f111f13956c25b
DATA constants<>+24(SB)/8, $0xab1c5ed5923f82a4
DATA constants<>+32(SB)/8, $0x12835b01d807aa98
DATA constants<>+40(SB)/8, $0x550c7dc3243185be
DATA constants<>+48(SB)/8, $0x80deb1fe72be5d74
DATA constants<>+56(SB)/8, $0xc19bf1749bdc06a7
DATA constants<>+64(SB)/8, $0xefbe4786e49b69c1
DATA constants<>+72(SB)/8, $0x240ca1cc0fc19dc6
DATA constants<>+80(SB)/8, $0x4a7484aa2de92c6f
DATA constants<>+88(SB)/8, $0x76f988da5cb0a9dc
DATA constants<>+96(SB)/8, $0xa831c66d983e5152
DATA constants<>+104(SB)/8, $0xbf597fc7b00327c8
DATA constants<>+112(SB)/8, $0xd5a79147c6e00bf3
DATA constants<>+120(SB)/8, $0x1429296706ca6351
DATA constants<>+128(SB)/8, $0x2e1b213827b70a85
DATA constants<>+136(SB)/8, $0x53380d134d2c6dfc
DATA constants<>+144(SB)/8, $0x766a0abb650a7354
DATA constants<>+152(SB)/8, $0x92722c8581c2c92e
DATA constants<>+160(SB)/8, $0xa81a664ba2bfe8a1
DATA constants<>+168(SB)/8, $0xc76c51a3c24b8b70
DATA constants<>+176(SB)/8, $0xd6990624d192e819
DATA constants<>+184(SB)/8, $0x106aa070f40e3585
DATA constants<>+192(SB)/8, $0x1e376c0819a4c116
DATA constants<>+200(SB)/8, $0x34b0bcb52748774c
DATA constants<>+208(SB)/8, $0x4ed8aa4a391c0cb3
DATA constants<>+216(SB)/8, $0x682e6ff35b9cca4f
DATA constants<>+224(SB)/8, $0x78a5636f748f82ee
DATA constants<>+232(SB)/8, $0x8cc7020884c87814
DATA constants<>+240(SB)/8, $0xa4506ceb90befffa
DATA constants<>+248(SB)/8, $0xc67178f2bef9a3f7
GLOBL constants<>(SB), RODATA|NOPTR, $256
