#include "textflag.h"

// MARKS are the 32 bits of what is special among the bytes at at(SI), in to: Y1 has
// quotes, Y2 backslashes, Y3 the last of the control characters. What is not ASCII has
// its highest bit set already, which is the one that is taken of each byte.
#define MARKS(at, to) \
	VMOVDQU   at(SI), Y4 \
	VPCMPEQB  Y4, Y1, Y5 \
	VPCMPEQB  Y4, Y2, Y6 \
	VPMINUB   Y4, Y3, Y7 \
	VPCMPEQB  Y4, Y7, Y7 \
	VPOR      Y5, Y6, Y5 \
	VPOR      Y4, Y7, Y7 \
	VPOR      Y5, Y7, Y5 \
	VPMOVMSKB Y5, to

// func marks(to *uint64, b *byte, words int)
TEXT ·marks(SB), NOSPLIT, $0-24
	MOVQ to+0(FP), DI
	MOVQ b+8(FP), SI
	MOVQ words+16(FP), CX
	VPBROADCASTB quoteByte<>(SB), Y1
	VPBROADCASTB backslashByte<>(SB), Y2
	VPBROADCASTB controlByte<>(SB), Y3

word:
	MARKS(0, AX)
	MARKS(32, DX)
	SHLQ $32, DX
	ORQ  DX, AX
	MOVQ AX, (DI)
	ADDQ $64, SI
	ADDQ $8, DI
	DECQ CX
	JNZ  word
	VZEROUPPER
	RET

// The instructions are there, and the operating system keeps the registers they use.
#define needsAVX (1<<27 | 1<<28)
#define keepsYMM (1<<1 | 1<<2)
#define hasAVX2 (1<<5)

// func able() bool
TEXT ·able(SB), NOSPLIT, $0-1
	XORL AX, AX
	CPUID
	CMPL AX, $7
	JB   no
	MOVL $1, AX
	XORL CX, CX
	CPUID
	ANDL $needsAVX, CX
	CMPL CX, $needsAVX
	JNE  no
	XORL CX, CX
	XGETBV
	ANDL $keepsYMM, AX
	CMPL AX, $keepsYMM
	JNE  no
	MOVL $7, AX
	XORL CX, CX
	CPUID
	TESTL $hasAVX2, BX
	JEQ  no
	MOVB $1, ret+0(FP)
	RET

no:
	MOVB $0, ret+0(FP)
	RET

DATA quoteByte<>+0(SB)/1, $0x22
GLOBL quoteByte<>(SB), RODATA|NOPTR, $1
DATA backslashByte<>+0(SB)/1, $0x5c
GLOBL backslashByte<>(SB), RODATA|NOPTR, $1
DATA controlByte<>+0(SB)/1, $0x1f
GLOBL controlByte<>(SB), RODATA|NOPTR, $1
