package datagen

import (
	"encoding/binary"
	"fmt"
	"regexp/syntax"
	"slices"
	"unicode"
	"unicode/utf8"

	"sluice/connect/schema"
)

const (
	maxStates = 4096
	// maxChar is the highest character of Java's automata, which know UTF-16 units only.
	maxChar = 0xFFFF
	// overrun bounds how far a walk goes beyond the greatest length before it
	// turns back, so that a pattern that cannot end there does not walk for ever.
	overrun = 256
	// patience is the number of states that a walk visits before it takes the
	// next text it comes to, of whatever length: a pattern such as [a-zA-Z]{40},
	// whose texts are all out of bounds, keeps Java busy for ever.
	patience = 1 << 18
)

// state is one of a minimal deterministic automaton. Its edges lie in the order
// of their characters and are as wide as they can be, so that the order of
// draws is that of the automaton of Java (dk.brics.automaton).
type state struct {
	accept bool
	edges  []edge
}

type edge struct {
	low, high rune
	to        int
}

// compileRegex returns the states of the automaton; the first is the start.
// The syntax is that of Go, with Java's classes such as \d and \w.
func compileRegex(pattern string) ([]state, error) {
	re, err := syntax.Parse(pattern, syntax.Perl|syntax.DotNL)
	if err != nil {
		return nil, fmt.Errorf("regex property %q: %w", pattern, err)
	}
	prog, err := syntax.Compile(re.Simplify())
	if err != nil {
		return nil, fmt.Errorf("regex property %q: %w", pattern, err)
	}
	states, err := determine(prog)
	if err != nil {
		return nil, fmt.Errorf("regex property %q: %w", pattern, err)
	}
	states = minimize(trim(states))
	if !slices.ContainsFunc(states, func(s state) bool { return s.accept }) {
		return nil, fmt.Errorf("regex property %q matches no text", pattern)
	}
	return states, nil
}

// determine makes a deterministic automaton of the program by subsets. Anchors
// are taken as true, since a pattern matches whole texts.
func determine(prog *syntax.Prog) ([]state, error) {
	numbers := map[string]int{}
	var sets [][]uint32
	add := func(seeds []uint32) int {
		set := closure(prog, seeds)
		var key []byte
		for _, pc := range set {
			key = binary.LittleEndian.AppendUint32(key, pc)
		}
		n, ok := numbers[string(key)]
		if !ok {
			n = len(sets)
			numbers[string(key)] = n
			sets = append(sets, set)
		}
		return n
	}
	add([]uint32{uint32(prog.Start)})
	var states []state
	for len(states) < len(sets) {
		if len(sets) > maxStates {
			return nil, fmt.Errorf("it needs more than %d states", maxStates)
		}
		set := sets[len(states)]
		var s state
		var cuts []rune
		for _, pc := range set {
			in := &prog.Inst[pc]
			s.accept = s.accept || in.Op == syntax.InstMatch
			cuts = appendCuts(cuts, in)
		}
		slices.Sort(cuts)
		cuts = slices.Compact(cuts)
		for i, low := range cuts {
			high := rune(maxChar)
			if i+1 < len(cuts) {
				high = cuts[i+1] - 1
			}
			var to []uint32
			for _, pc := range set {
				if in := &prog.Inst[pc]; consumes(in) && in.MatchRune(low) {
					to = append(to, in.Out)
				}
			}
			if len(to) > 0 && low <= maxChar {
				s.edges = append(s.edges, edge{low, min(high, maxChar), add(to)})
			}
		}
		states = append(states, s)
	}
	return states, nil
}

func consumes(in *syntax.Inst) bool {
	switch in.Op {
	case syntax.InstRune, syntax.InstRune1, syntax.InstRuneAny, syntax.InstRuneAnyNotNL:
		return true
	}
	return false
}

// appendCuts adds the characters at which the answer of the instruction may change.
func appendCuts(cuts []rune, in *syntax.Inst) []rune {
	switch {
	case !consumes(in):
		return cuts
	case in.Op == syntax.InstRuneAny:
		return append(cuts, 0)
	case in.Op == syntax.InstRuneAnyNotNL:
		return append(cuts, 0, '\n', '\n'+1)
	case len(in.Rune) == 1:
		cuts = append(cuts, in.Rune[0], in.Rune[0]+1)
		if syntax.Flags(in.Arg)&syntax.FoldCase != 0 {
			for f := unicode.SimpleFold(in.Rune[0]); f != in.Rune[0]; f = unicode.SimpleFold(f) {
				cuts = append(cuts, f, f+1)
			}
		}
		return cuts
	}
	for i := 0; i+1 < len(in.Rune); i += 2 {
		cuts = append(cuts, in.Rune[i], in.Rune[i+1]+1)
	}
	return cuts
}

// closure returns the instructions that consume or match, reachable from the
// seeds without a character, sorted.
func closure(prog *syntax.Prog, seeds []uint32) []uint32 {
	var out []uint32
	seen := map[uint32]bool{}
	stack := slices.Clone(seeds)
	for len(stack) > 0 {
		pc := stack[len(stack)-1]
		stack = stack[:len(stack)-1]
		if seen[pc] {
			continue
		}
		seen[pc] = true
		switch in := &prog.Inst[pc]; in.Op {
		case syntax.InstAlt, syntax.InstAltMatch:
			stack = append(stack, in.Out, in.Arg)
		case syntax.InstCapture, syntax.InstNop, syntax.InstEmptyWidth:
			stack = append(stack, in.Out)
		case syntax.InstFail:
		default:
			out = append(out, pc)
		}
	}
	slices.Sort(out)
	return out
}

// trim takes away the edges to states from which no text can end.
func trim(states []state) []state {
	live := make([]bool, len(states))
	for changed := true; changed; {
		changed = false
		for i, s := range states {
			if !live[i] && (s.accept || slices.ContainsFunc(s.edges, func(e edge) bool { return live[e.to] })) {
				live[i], changed = true, true
			}
		}
	}
	for i := range states {
		states[i].edges = slices.DeleteFunc(states[i].edges, func(e edge) bool { return !live[e.to] })
	}
	return states
}

// minimize joins states that accept the same texts (Moore), and neighbouring
// edges to one state.
func minimize(states []state) []state {
	class := make([]int, len(states))
	for i, s := range states {
		if s.accept {
			class[i] = 1
		}
	}
	for count := 0; ; {
		numbers := map[string]int{}
		next := make([]int, len(states))
		for i, s := range states {
			key := fmt.Append(nil, class[i], joined(s.edges, class))
			n, ok := numbers[string(key)]
			if !ok {
				n = len(numbers)
				numbers[string(key)] = n
			}
			next[i] = n
		}
		class = next
		if len(numbers) == count {
			break
		}
		count = len(numbers)
	}
	// Classes are numbered by their first state, so the start keeps number 0.
	out := make([]state, 0, len(states))
	for i, s := range states {
		if class[i] == len(out) {
			out = append(out, state{s.accept, joined(s.edges, class)})
		}
	}
	return out
}

func joined(edges []edge, class []int) []edge {
	var out []edge
	for _, e := range edges {
		to := class[e.to]
		if n := len(out); n > 0 && out[n-1].to == to && out[n-1].high+1 == e.low {
			out[n-1].high = e.high
			continue
		}
		out = append(out, edge{e.low, e.high, to})
	}
	return out
}

// regexNode walks the automaton at random, with the draws of Generex: texts
// shorter than the least length come out where the pattern has none longer.
type regexNode struct {
	states         []state
	length         lengths
	prefix, suffix string
}

func (n *regexNode) next(r *javaRandom, a *schema.Arena) schema.Value {
	var buf [128]byte
	w := walk{node: n, r: r, most: int(n.length.bound) - 1}
	// The characters stay in the array while the walk is short, as most are.
	text, _ := w.from(0, append(buf[:0], n.prefix...), 0)
	return a.CopyText(append(text, n.suffix...))
}

type walk struct {
	node    *regexNode
	r       *javaRandom
	most    int
	visited int
}

// from extends the text, of size characters, from a state on. It ends where the
// state accepts and the dice say so, and turns back from texts of a length out
// of bounds while there are edges not tried.
func (w *walk) from(at int, text []byte, size int) ([]byte, int) {
	s := &w.node.states[at]
	least := int(w.node.length.least)
	result, length := text, -1
	var tried uint64
	var triedMore map[int32]bool
	left := len(s.edges)
	w.visited++
	for left > 0 && (length < 0 || w.visited < patience && (length < least || length > w.most)) {
		if s.accept {
			if size == w.most {
				return text, size
			}
			if w.stops() && size >= least {
				return text, size
			}
		}
		if size > w.most+overrun {
			return text, size
		}
		i := w.r.below(int32(len(s.edges)))
		if i < 64 && tried&(1<<i) != 0 || triedMore[i] {
			continue
		}
		if i < 64 {
			tried |= 1 << i
		} else {
			if triedMore == nil {
				triedMore = map[int32]bool{}
			}
			triedMore[i] = true
		}
		left--
		e := s.edges[i]
		c := e.low + w.r.below(e.high-e.low+1)
		result, length = w.from(e.to, utf8.AppendRune(text, c), size+1)
	}
	if length < 0 {
		return text, size
	}
	return result, length
}

// stops draws whether to end at an accepting state.
func (w *walk) stops() bool {
	const threshold = 0.3 * (1<<31 - 1)
	return float64(w.r.nextInt()) > threshold
}
