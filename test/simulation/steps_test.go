//go:build synctests

package simulation

import (
	"fmt"
	"slices"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
)

// step does one thing.
func (s *sim) step() {
	up := len(s.up())
	if up == 0 {
		return // the first ones are still coming
	}
	d := s.rand.IntN(100)
	for _, k := range []struct {
		weight int
		may    bool
		do     func()
	}{
		{19, true, s.create},
		{13, true, s.change},
		{5, true, s.remove},
		{9, true, s.retarget},
		{6, true, s.restart},
		{9, s.count() < 5, s.join},
		{6, up > 1, s.leave},
		{7, up > 1, s.kill},
		{6, true, s.cut},
		{4, true, s.hold},
		{3, up > 1, s.part},
		{5, true, s.freeze},
		{3, true, s.slowDown},
		{2, true, s.jump},
		{2, true, s.moveCoordinator},
		{1, true, s.stopBroker},
	} {
		if d -= k.weight; d < 0 {
			if k.may {
				k.do()
			}
			return
		}
	}
}

func (s *sim) count() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.nodes)
}

// some is a time of up to so many seconds.
func (s *sim) some(seconds int) time.Duration {
	return time.Duration(s.rand.IntN(1000*seconds)) * time.Millisecond
}

// join starts a worker, which comes up on its own.
func (s *sim) join() {
	s.made++
	id, protocol := fmt.Sprintf("w%d", s.made), s.protocols[s.rand.IntN(len(s.protocols))]
	n := newNode(s, id)
	n.able = s.rand.IntN(2) == 0
	s.say("worker %s starts (%s, has all plugins: %v)", id, protocol, n.able)
	s.mu.Lock()
	s.nodes = append(s.nodes, n)
	s.mu.Unlock()
	go n.start(protocol)
}

func (s *sim) leave() {
	n := s.any()
	s.say("worker %s stops", n.id)
	s.retire(n)
	n.stop()
}

// kill ends a worker with no chance to say goodbye.
func (s *sim) kill() {
	n := s.any()
	s.say("worker %s dies", n.id)
	s.retire(n)
	n.dead.Store(true)
	n.link.cut()
	n.link.gate.open()
	n.frozen.open()
	s.running.forget(n)
	n.stop() // what it tries to say is not heard
}

func (s *sim) retire(n *node) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.nodes = slices.DeleteFunc(s.nodes, func(o *node) bool { return o == n })
	s.gone = append(s.gone, n)
}

// cut breaks the connections of a worker with the broker and other workers, and
// lets it make none.
func (s *sim) cut() {
	n, d := s.any(), s.some(20)
	s.say("worker %s loses its network for %v", n.id, d)
	n.link.cut()
	n.trouble(d)
}

// hold lets nothing through, and tells nobody.
func (s *sim) hold() {
	n, d := s.any(), s.some(20)
	s.say("worker %s hears and is heard no more for %v", n.id, d)
	n.link.gate.shut()
	n.trouble(d)
}

// freeze makes a worker stand still.
func (s *sim) freeze() {
	n, d := s.any(), s.some(40)
	s.say("worker %s stands still for %v", n.id, d)
	n.freeze()
	n.trouble(d)
}

// part lets two workers not reach each other; both reach the broker.
func (s *sim) part() {
	up := s.up()
	i := s.rand.IntN(len(up))
	a, b := up[i], up[(i+1)%len(up)]
	d := s.some(30)
	s.say("workers %s and %s do not reach each other for %v", a.id, b.id, d)
	s.setApart(a, b, true)
	s.in(d, func() { s.setApart(a, b, false) })
}

func (s *sim) setApart(a, b *node, apart bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, pair := range [][2]string{{a.id, b.id}, {b.id, a.id}} {
		if apart {
			s.parted[pair] = true
		} else {
			delete(s.parted, pair)
		}
	}
}

func (s *sim) apart(a, b *node) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.parted[[2]string{a.id, b.id}]
}

// jump sets a worker's clock of the wall, forward or back.
func (s *sim) jump() {
	n, d := s.any(), s.some(7200)-time.Hour
	s.say("the clock of worker %s is %v ahead", n.id, d)
	n.skew.Store(int64(d))
}

// slowDown makes the group coordinator slow.
func (s *sim) slowDown() {
	by, d := s.some(4), s.some(30)
	s.say("the coordinator takes %v for a request, for %v", by, d)
	s.network.slowDown(by)
	s.in(d, func() { s.network.slowDown(0) })
}

// moveCoordinator has the coordinator answer that it is none, or not yet.
func (s *sim) moveCoordinator() {
	err, d := []*kerr.Error{kerr.NotCoordinator, kerr.CoordinatorLoadInProgress}[s.rand.IntN(2)], s.some(15)
	s.say("the coordinator answers %s for %v", err.Message, d)
	s.network.coordinator.fail(err)
	s.in(d, func() { s.network.coordinator.fail(nil) })
}

// stopBroker takes the broker away from all workers.
func (s *sim) stopBroker() {
	d := s.some(15)
	s.say("the broker is away for %v", d)
	s.mu.Lock()
	nodes := slices.Clone(s.nodes)
	s.mu.Unlock()
	for _, n := range nodes {
		n.link.cut()
		n.trouble(d)
	}
}
