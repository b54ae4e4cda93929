//go:build synctests

package simulation

import (
	"bytes"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// coordinator is the group coordinator: the classic protocol by the rules of
// Kafka's ClassicGroup. That of kfake does for clients in good health, but not for
// what is done here: it starts the session of a member with the answer to its
// JoinGroup, so that one whose connection breaks before stays for ever; it starts
// the time limit of a rebalance anew with each JoinGroup, so that members who ask
// again in turn wait for ever; it counts a member that goes while it waits for its
// assignment as one that does not join the next time, which then takes the whole
// limit; and when the leader has gone it tells every member that it leads. Here,
// too, ids and the order of members are the same whenever a seed is run.
type coordinator struct {
	mu         sync.Mutex // guards all
	state      groupState
	generation int32
	protocol   string
	leader     string
	members    []*member // in the order in which they came
	pending    map[string]*time.Timer
	made       int
	limit      *time.Timer // of the rebalance, or of the wait for SyncGroup
	fault      *kerr.Error // the answer to everything, where it is not nil
}

type groupState uint8

const (
	empty groupState = iota
	preparing
	completing
	stable
)

type member struct {
	id      string
	join    *kmsg.JoinGroupRequest // the last one
	joining func(kmsg.Response)    // answers it; nil where it is answered
	syncing func(kmsg.Response)    // answers a SyncGroup
	given   []byte                 // its assignment
	session *time.Timer
	ends    time.Time // when the session ends
}

func newCoordinator() *coordinator { return &coordinator{pending: map[string]*time.Timer{}} }

// fail has everything answered with an error from now on; nil ends that.
func (c *coordinator) fail(err *kerr.Error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.fault = err
}

// handle takes a request, and calls answer once, at once or later.
func (c *coordinator) handle(req kmsg.Request, clientID string, answer func(kmsg.Response)) {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch req := req.(type) {
	case *kmsg.JoinGroupRequest:
		c.join(req, clientID, answer)
	case *kmsg.SyncGroupRequest:
		c.sync(req, answer)
	case *kmsg.HeartbeatRequest:
		resp := kmsg.NewPtrHeartbeatResponse()
		resp.ErrorCode = code(c.heartbeat(req.MemberID, req.Generation))
		answer(resp)
	case *kmsg.LeaveGroupRequest:
		answer(c.leave(req))
	}
}

func code(err *kerr.Error) int16 {
	if err == nil {
		return 0
	}
	return err.Code
}

func (c *coordinator) member(id string) *member {
	i := slices.IndexFunc(c.members, func(m *member) bool { return m.id == id })
	if i < 0 {
		return nil
	}
	return c.members[i]
}

func (c *coordinator) join(req *kmsg.JoinGroupRequest, clientID string, answer func(kmsg.Response)) {
	m := c.member(req.MemberID)
	timer, pending := c.pending[req.MemberID]
	session := time.Duration(req.SessionTimeoutMillis) * time.Millisecond
	refuse := func(err *kerr.Error, id string) {
		resp := kmsg.NewPtrJoinGroupResponse()
		resp.ErrorCode, resp.MemberID, resp.Generation = err.Code, id, -1
		answer(resp)
	}
	switch {
	case c.fault != nil:
		refuse(c.fault, req.MemberID)
	case !c.agrees(req, m):
		refuse(kerr.InconsistentGroupProtocol, req.MemberID)
	case req.MemberID == "":
		c.made++
		id := fmt.Sprintf("%s-%d", clientID, c.made)
		c.pending[id] = time.AfterFunc(session, func() { c.expirePending(id) })
		refuse(kerr.MemberIDRequired, id)
	case pending:
		timer.Stop()
		delete(c.pending, req.MemberID)
		m = &member{id: req.MemberID}
		c.members = append(c.members, m)
		c.rejoin(m, req, answer)
	case m == nil:
		refuse(kerr.UnknownMemberID, req.MemberID)
	case c.state != preparing && sameProtocols(m.join, req) && (c.state == completing || m.id != c.leader):
		m.join = req
		answer(c.joined(m))
	default:
		c.rejoin(m, req, answer)
	}
}

// rejoin has the member wait for the next generation.
func (c *coordinator) rejoin(m *member, req *kmsg.JoinGroupRequest, answer func(kmsg.Response)) {
	m.join, m.joining = req, answer
	c.prepare()
}

// agrees tells whether some protocol of the request is one of all other members.
func (c *coordinator) agrees(req *kmsg.JoinGroupRequest, own *member) bool {
	return req.ProtocolType == "connect" && slices.ContainsFunc(req.Protocols, func(p kmsg.JoinGroupRequestProtocol) bool {
		return !slices.ContainsFunc(c.members, func(m *member) bool { return m != own && metadataOf(m.join, p.Name) == nil })
	})
}

func metadataOf(req *kmsg.JoinGroupRequest, protocol string) []byte {
	for _, p := range req.Protocols {
		if p.Name == protocol {
			return p.Metadata
		}
	}
	return nil
}

func sameProtocols(a, b *kmsg.JoinGroupRequest) bool {
	return slices.EqualFunc(a.Protocols, b.Protocols, func(p, q kmsg.JoinGroupRequestProtocol) bool {
		return p.Name == q.Name && bytes.Equal(p.Metadata, q.Metadata)
	})
}

// prepare begins a rebalance, unless one has begun, and completes it when all have
// joined.
func (c *coordinator) prepare() {
	if c.state != preparing {
		for _, m := range c.members {
			m.given = nil
			c.answerSync(m, kerr.RebalanceInProgress)
		}
		c.state = preparing
		c.within(c.complete)
	}
	if len(c.pending) == 0 && !slices.ContainsFunc(c.members, func(m *member) bool { return m.joining == nil }) {
		c.complete()
	}
}

// within calls f when rebalance.timeout.ms is over, unless the group is another
// generation or in another state by then.
func (c *coordinator) within(f func()) {
	if c.limit != nil {
		c.limit.Stop()
	}
	longest := int32(0)
	for _, m := range c.members {
		longest = max(longest, m.join.RebalanceTimeoutMillis)
	}
	state, generation := c.state, c.generation
	c.limit = time.AfterFunc(time.Duration(longest)*time.Millisecond, func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		if c.state == state && c.generation == generation {
			f()
		}
	})
}

// complete starts the next generation with those that have joined.
func (c *coordinator) complete() {
	for _, m := range slices.Clone(c.members) {
		if m.joining == nil {
			c.drop(m)
		}
	}
	c.generation++
	if len(c.members) == 0 {
		c.state, c.leader = empty, ""
		return
	}
	c.state, c.protocol = completing, c.vote()
	if c.member(c.leader) == nil {
		c.leader = c.members[0].id
	}
	for _, m := range c.members {
		answer := m.joining
		m.joining = nil
		c.alive(m)
		answer(c.joined(m))
	}
	c.within(func() {
		for _, m := range slices.Clone(c.members) {
			if m.syncing == nil {
				c.drop(m)
			}
		}
		c.prepare()
	})
}

// vote returns the protocol of all members that most of them like best.
func (c *coordinator) vote() string {
	votes := map[string]int{}
	best := ""
	for _, m := range c.members {
		for _, p := range m.join.Protocols {
			if slices.ContainsFunc(c.members, func(o *member) bool { return metadataOf(o.join, p.Name) == nil }) {
				continue
			}
			if votes[p.Name]++; votes[p.Name] > votes[best] {
				best = p.Name
			}
			break
		}
	}
	return best
}

func (c *coordinator) joined(m *member) kmsg.Response {
	resp := kmsg.NewPtrJoinGroupResponse()
	resp.Generation, resp.ProtocolType, resp.Protocol = c.generation, new("connect"), new(c.protocol)
	resp.LeaderID, resp.MemberID = c.leader, m.id
	if m.id == c.leader {
		for _, o := range c.members {
			said := kmsg.NewJoinGroupResponseMember()
			said.MemberID, said.ProtocolMetadata = o.id, metadataOf(o.join, c.protocol)
			resp.Members = append(resp.Members, said)
		}
	}
	return resp
}

func (c *coordinator) sync(req *kmsg.SyncGroupRequest, answer func(kmsg.Response)) {
	m := c.member(req.MemberID)
	err := c.fault
	switch {
	case err != nil:
	case m == nil:
		err = kerr.UnknownMemberID
	case req.Generation != c.generation:
		err = kerr.IllegalGeneration
	case c.state == preparing:
		err = kerr.RebalanceInProgress
	}
	if err != nil {
		answer(synced(nil, nil, err))
		return
	}
	m.syncing = answer
	if c.state == completing && m.id == c.leader {
		for _, a := range req.GroupAssignment {
			if to := c.member(a.MemberID); to != nil {
				to.given = a.MemberAssignment
			}
		}
		c.state = stable
	}
	if c.state == stable {
		for _, o := range c.members {
			c.answerSync(o, nil)
		}
	}
}

func (c *coordinator) answerSync(m *member, err *kerr.Error) {
	if m.syncing != nil {
		answer := m.syncing
		m.syncing = nil
		c.alive(m)
		answer(synced(new(c.protocol), m.given, err))
	}
}

func synced(protocol *string, given []byte, err *kerr.Error) kmsg.Response {
	resp := kmsg.NewPtrSyncGroupResponse()
	resp.ProtocolType, resp.Protocol, resp.MemberAssignment, resp.ErrorCode = new("connect"), protocol, given, code(err)
	return resp
}

func (c *coordinator) heartbeat(id string, generation int32) *kerr.Error {
	m := c.member(id)
	switch {
	case c.fault != nil:
		return c.fault
	case m == nil:
		return kerr.UnknownMemberID
	case generation != c.generation:
		return kerr.IllegalGeneration
	}
	c.alive(m)
	if c.state == preparing {
		return kerr.RebalanceInProgress
	}
	return nil
}

// alive starts the session of a member anew.
func (c *coordinator) alive(m *member) {
	if m.session != nil {
		m.session.Stop()
	}
	session := time.Duration(m.join.SessionTimeoutMillis) * time.Millisecond
	m.ends = time.Now().Add(session)
	m.session = time.AfterFunc(session, func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		if c.member(m.id) == m && !time.Now().Before(m.ends) && m.joining == nil && m.syncing == nil { // who waits is not asked
			c.remove(m)
		}
	})
}

func (c *coordinator) leave(req *kmsg.LeaveGroupRequest) kmsg.Response {
	resp := kmsg.NewPtrLeaveGroupResponse()
	resp.ErrorCode = code(c.fault)
	if c.fault != nil {
		return resp
	}
	for _, leaver := range req.Members {
		left := kmsg.NewLeaveGroupResponseMember()
		left.MemberID = leaver.MemberID
		if m := c.member(leaver.MemberID); m != nil {
			c.remove(m)
		} else if timer, ok := c.pending[leaver.MemberID]; ok {
			timer.Stop()
			c.forget(leaver.MemberID)
		} else {
			left.ErrorCode = kerr.UnknownMemberID.Code
		}
		resp.Members = append(resp.Members, left)
	}
	return resp
}

func (c *coordinator) expirePending(id string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if _, ok := c.pending[id]; ok {
		c.forget(id)
	}
}

// forget ends the wait for one that has an id and does not join.
func (c *coordinator) forget(id string) {
	delete(c.pending, id)
	if c.state == preparing {
		c.prepare()
	}
}

// remove takes a member out, and begins a rebalance.
func (c *coordinator) remove(m *member) {
	c.drop(m)
	if c.state != empty {
		c.prepare()
	}
}

func (c *coordinator) drop(m *member) {
	c.members = slices.DeleteFunc(c.members, func(o *member) bool { return o == m })
	if m.session != nil {
		m.session.Stop()
	}
	if m.joining != nil {
		resp := kmsg.NewPtrJoinGroupResponse()
		resp.ErrorCode, resp.MemberID, resp.Generation = kerr.UnknownMemberID.Code, m.id, -1
		m.joining(resp)
	}
	if m.syncing != nil {
		m.syncing(synced(nil, nil, kerr.UnknownMemberID))
	}
}

// close lets everybody go who waits.
func (c *coordinator) close() {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, m := range slices.Clone(c.members) {
		c.drop(m)
	}
}
