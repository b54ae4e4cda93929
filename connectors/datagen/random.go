package datagen

import "math/bits"

const (
	lcgMultiplier = 0x5DEECE66D
	lcgIncrement  = 0xB
	lcgMask       = 1<<48 - 1
)

// javaRandom gives the numbers of java.util.Random: a linear congruential
// generator of 48 bits. The specification of that class fixes every result, so
// a seed gives the same data here and in Java.
type javaRandom struct{ state uint64 }

func newRandom(seed int64) *javaRandom {
	r := &javaRandom{}
	r.setSeed(seed)
	return r
}

func (r *javaRandom) setSeed(seed int64) { r.state = (uint64(seed) ^ lcgMultiplier) & lcgMask }

// next returns the upper n bits of the next state, n at most 32.
func (r *javaRandom) next(n uint) int32 {
	r.state = (r.state*lcgMultiplier + lcgIncrement) & lcgMask
	return int32(uint32(r.state >> (48 - n)))
}

func (r *javaRandom) nextInt() int32 { return r.next(32) }

// below returns a number from 0 to n-1, as nextInt(n); n is at least 1.
func (r *javaRandom) below(n int32) int32 {
	if bits.OnesCount32(uint32(n)) == 1 {
		return int32((int64(n) * int64(r.next(31))) >> 31)
	}
	for {
		b := r.next(31)
		v := b % n
		// The sum wraps for the incomplete last run of numbers, which would be
		// drawn too often.
		if b-v+(n-1) >= 0 {
			return v
		}
	}
}

func (r *javaRandom) nextLong() int64 {
	high := int64(r.next(32)) << 32
	return high + int64(r.next(32))
}

func (r *javaRandom) nextBoolean() bool { return r.next(1) != 0 }

func (r *javaRandom) nextFloat() float32 { return float32(r.next(24)) / (1 << 24) }

func (r *javaRandom) nextDouble() float64 {
	high := int64(r.next(26)) << 27
	return float64(high+int64(r.next(27))) / (1 << 53)
}

// nextBytes fills b; each number gives four bytes, the lowest first.
func (r *javaRandom) nextBytes(b []byte) {
	for i := 0; i < len(b); {
		n := uint32(r.nextInt())
		for j := 0; j < 4 && i < len(b); j++ {
			b[i] = byte(n)
			n >>= 8
			i++
		}
	}
}
