#include "textflag.h"

// SHA-256 as its instructions have it: four rounds a step, with half of the state in
// each of two registers, ABEF and CDGH. X0 is what SHA256RNDS2 takes its words from.

// FOUR does the four rounds of words m, whose constants are at k.
#define FOUR(k, m, abef, cdgh) \
	MOVO m, X0;                   \
	PADDD k(AX), X0;              \
	SHA256RNDS2 X0, abef, cdgh;   \
	PSHUFD $0x0e, X0, X0;         \
	SHA256RNDS2 X0, cdgh, abef

// MORE does them too, and makes next, four words of twelve rounds on: m are the words
// of now, last those before them. What was begun for last goes on for others.
#define MORE(k, last, m, next, abef, cdgh, t) \
	MOVO m, X0;                   \
	PADDD k(AX), X0;              \
	SHA256RNDS2 X0, abef, cdgh;   \
	MOVO m, t;                    \
	PALIGNR $4, last, t;          \
	PADDD t, next;                \
	SHA256MSG2 m, next;           \
	PSHUFD $0x0e, X0, X0;         \
	SHA256RNDS2 X0, cdgh, abef;   \
	SHA256MSG1 m, last

// WORDS takes four words of the text at p.
#define WORDS(n, p, m) \
	MOVOU n(p), m; \
	PSHUFB X14, m

// SPLIT makes ABEF and CDGH of a state at p, and JOIN undoes it.
#define SPLIT(p, abef, cdgh, t) \
	MOVOU (p), abef;             \
	MOVOU 16(p), cdgh;           \
	PSHUFD $0xb1, abef, abef;    \
	PSHUFD $0x1b, cdgh, cdgh;    \
	MOVO abef, t;                \
	PALIGNR $8, cdgh, abef;      \
	PBLENDW $0xf0, t, cdgh

#define JOIN(p, abef, cdgh, t) \
	PSHUFD $0x1b, abef, abef;    \
	PSHUFD $0xb1, cdgh, cdgh;    \
	MOVO abef, t;                \
	PBLENDW $0xf0, cdgh, abef;   \
	PALIGNR $8, t, cdgh;         \
	MOVOU abef, (p);             \
	MOVOU cdgh, 16(p)

// func sumBlocks(state *sumState, text *byte, blocks int)
TEXT ·sumBlocks(SB), NOSPLIT, $0-24
	MOVQ state+0(FP), DI
	MOVQ text+8(FP), SI
	MOVQ blocks+16(FP), CX
	LEAQ sumWords<>(SB), AX
	MOVO sumSwap<>(SB), X14
	SPLIT(DI, X1, X2, X7)

next:
	MOVO X1, X8
	MOVO X2, X9
	WORDS(0, SI, X3)
	FOUR(0, X3, X1, X2)
	WORDS(16, SI, X4)
	FOUR(16, X4, X1, X2)
	SHA256MSG1 X4, X3
	WORDS(32, SI, X5)
	FOUR(32, X5, X1, X2)
	SHA256MSG1 X5, X4
	WORDS(48, SI, X6)
	MORE(48, X5, X6, X3, X1, X2, X7)
	MORE(64, X6, X3, X4, X1, X2, X7)
	MORE(80, X3, X4, X5, X1, X2, X7)
	MORE(96, X4, X5, X6, X1, X2, X7)
	MORE(112, X5, X6, X3, X1, X2, X7)
	MORE(128, X6, X3, X4, X1, X2, X7)
	MORE(144, X3, X4, X5, X1, X2, X7)
	MORE(160, X4, X5, X6, X1, X2, X7)
	MORE(176, X5, X6, X3, X1, X2, X7)
	MORE(192, X6, X3, X4, X1, X2, X7)
	MORE(208, X3, X4, X5, X1, X2, X7)
	MORE(224, X4, X5, X6, X1, X2, X7)
	FOUR(240, X6, X1, X2)
	PADDD X8, X1
	PADDD X9, X2
	ADDQ $64, SI
	DECQ CX
	JNZ next

	JOIN(DI, X1, X2, X7)
	RET

// func sumBoth(a, b *sumState, textA, textB *byte, blocks int)
TEXT ·sumBoth(SB), NOSPLIT, $64-40
	MOVQ a+0(FP), DI
	MOVQ b+8(FP), R8
	MOVQ textA+16(FP), SI
	MOVQ textB+24(FP), R9
	MOVQ blocks+32(FP), CX
	LEAQ sumWords<>(SB), AX
	MOVO sumSwap<>(SB), X14
	SPLIT(DI, X1, X2, X7)
	SPLIT(R8, X8, X9, X7)

next:
	MOVOU X1, 0(SP)
	MOVOU X2, 16(SP)
	MOVOU X8, 32(SP)
	MOVOU X9, 48(SP)
	WORDS(0, SI, X3)
	FOUR(0, X3, X1, X2)
	WORDS(0, R9, X10)
	FOUR(0, X10, X8, X9)
	WORDS(16, SI, X4)
	FOUR(16, X4, X1, X2)
	SHA256MSG1 X4, X3
	WORDS(16, R9, X11)
	FOUR(16, X11, X8, X9)
	SHA256MSG1 X11, X10
	WORDS(32, SI, X5)
	FOUR(32, X5, X1, X2)
	SHA256MSG1 X5, X4
	WORDS(32, R9, X12)
	FOUR(32, X12, X8, X9)
	SHA256MSG1 X12, X11
	WORDS(48, SI, X6)
	MORE(48, X5, X6, X3, X1, X2, X7)
	WORDS(48, R9, X13)
	MORE(48, X12, X13, X10, X8, X9, X7)
	MORE(64, X6, X3, X4, X1, X2, X7)
	MORE(64, X13, X10, X11, X8, X9, X7)
	MORE(80, X3, X4, X5, X1, X2, X7)
	MORE(80, X10, X11, X12, X8, X9, X7)
	MORE(96, X4, X5, X6, X1, X2, X7)
	MORE(96, X11, X12, X13, X8, X9, X7)
	MORE(112, X5, X6, X3, X1, X2, X7)
	MORE(112, X12, X13, X10, X8, X9, X7)
	MORE(128, X6, X3, X4, X1, X2, X7)
	MORE(128, X13, X10, X11, X8, X9, X7)
	MORE(144, X3, X4, X5, X1, X2, X7)
	MORE(144, X10, X11, X12, X8, X9, X7)
	MORE(160, X4, X5, X6, X1, X2, X7)
	MORE(160, X11, X12, X13, X8, X9, X7)
	MORE(176, X5, X6, X3, X1, X2, X7)
	MORE(176, X12, X13, X10, X8, X9, X7)
	MORE(192, X6, X3, X4, X1, X2, X7)
	MORE(192, X13, X10, X11, X8, X9, X7)
	MORE(208, X3, X4, X5, X1, X2, X7)
	MORE(208, X10, X11, X12, X8, X9, X7)
	MORE(224, X4, X5, X6, X1, X2, X7)
	MORE(224, X11, X12, X13, X8, X9, X7)
	FOUR(240, X6, X1, X2)
	FOUR(240, X13, X8, X9)
	MOVOU 0(SP), X0
	PADDD X0, X1
	MOVOU 16(SP), X0
	PADDD X0, X2
	MOVOU 32(SP), X0
	PADDD X0, X8
	MOVOU 48(SP), X0
	PADDD X0, X9
	ADDQ $64, SI
	ADDQ $64, R9
	DECQ CX
	JNZ next

	JOIN(DI, X1, X2, X7)
	JOIN(R8, X8, X9, X7)
	RET

// func cpuid(leaf, sub uint32) (a, b, c, d uint32)
TEXT ·cpuid(SB), NOSPLIT, $0-24
	MOVL leaf+0(FP), AX
	MOVL sub+4(FP), CX
	CPUID
	MOVL AX, a+8(FP)
	MOVL BX, b+12(FP)
	MOVL CX, c+16(FP)
	MOVL DX, d+20(FP)
	RET

DATA sumSwap<>+0(SB)/8, $0x0405060700010203
DATA sumSwap<>+8(SB)/8, $0x0c0d0e0f08090a0b
GLOBL sumSwap<>(SB), RODATA|NOPTR, $16

// The constants of the rounds: the first bits of the cube roots of the first 64 primes.
DATA sumWords<>+0(SB)/8, $0x71374491428a2f98
DATA sumWords<>+8(SB)/8, $0xe9b5dba5b5c0fbcf
DATA sumWords<>+16(SB)/8, $0x59f111f13956c25b
DATA sumWords<>+24(SB)/8, $0xab1c5ed5923f82a4
DATA sumWords<>+32(SB)/8, $0x12835b01d807aa98
DATA sumWords<>+40(SB)/8, $0x550c7dc3243185be
DATA sumWords<>+48(SB)/8, $0x80deb1fe72be5d74
DATA sumWords<>+56(SB)/8, $0xc19bf1749bdc06a7
DATA sumWords<>+64(SB)/8, $0xefbe4786e49b69c1
DATA sumWords<>+72(SB)/8, $0x240ca1cc0fc19dc6
DATA sumWords<>+80(SB)/8, $0x4a7484aa2de92c6f
DATA sumWords<>+88(SB)/8, $0x76f988da5cb0a9dc
DATA sumWords<>+96(SB)/8, $0xa831c66d983e5152
DATA sumWords<>+104(SB)/8, $0xbf597fc7b00327c8
DATA sumWords<>+112(SB)/8, $0xd5a79147c6e00bf3
DATA sumWords<>+120(SB)/8, $0x1429296706ca6351
DATA sumWords<>+128(SB)/8, $0x2e1b213827b70a85
DATA sumWords<>+136(SB)/8, $0x53380d134d2c6dfc
DATA sumWords<>+144(SB)/8, $0x766a0abb650a7354
DATA sumWords<>+152(SB)/8, $0x92722c8581c2c92e
DATA sumWords<>+160(SB)/8, $0xa81a664ba2bfe8a1
DATA sumWords<>+168(SB)/8, $0xc76c51a3c24b8b70
DATA sumWords<>+176(SB)/8, $0xd6990624d192e819
DATA sumWords<>+184(SB)/8, $0x106aa070f40e3585
DATA sumWords<>+192(SB)/8, $0x1e376c0819a4c116
DATA sumWords<>+200(SB)/8, $0x34b0bcb52748774c
DATA sumWords<>+208(SB)/8, $0x4ed8aa4a391c0cb3
DATA sumWords<>+216(SB)/8, $0x682e6ff35b9cca4f
DATA sumWords<>+224(SB)/8, $0x78a5636f748f82ee
DATA sumWords<>+232(SB)/8, $0x8cc7020884c87814
DATA sumWords<>+240(SB)/8, $0xa4506ceb90befffa
DATA sumWords<>+248(SB)/8, $0xc67178f2bef9a3f7
GLOBL sumWords<>(SB), RODATA|NOPTR, $256
