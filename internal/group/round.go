package group

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kmsg"

	"sluice/internal/group/assign"
	"sluice/internal/store"
)

// protocolType is that of all Connect workers.
const protocolType = "connect"

// lapse is what a join may take beyond the rebalance timeout, as in Java.
const lapse = 5 * time.Second

// protocol is one of the protocols of a JoinGroup request.
type protocol struct {
	name    string
	version int16
}

// protocols returns what connect.protocol offers, the preferred one first.
func (s settings) protocols() []protocol {
	all := []protocol{{"sessioned", v2}, {"compatible", v1}, {"default", v0}}
	switch s.Protocol {
	case compatible:
		return all[1:]
	case eager:
		return all[2:]
	default:
		return all
	}
}

// chosen returns the version of the protocol that the coordinator has chosen.
func (m *Member) chosen(joined *kmsg.JoinGroupResponse) int16 {
	for _, p := range m.settings.protocols() {
		if joined.Protocol != nil && p.name == *joined.Protocol {
			return p.version
		}
	}
	return v0
}

// round joins the group, has the assignment made where this worker leads, and
// tells the listener what it is to run. Without an error the worker is a member.
func (m *Member) round(ctx context.Context) (err error) {
	m.metrics.Begin()
	defer func() {
		if err != nil {
			m.metrics.Failed()
		}
	}()
	if m.version == v0 {
		m.revokeAll(ctx)
	}
	joined, err := m.join(ctx)
	if err != nil {
		return fmt.Errorf("join the group: %w", err)
	}
	began := time.Now()
	raw, err := m.sync(ctx, joined)
	if err != nil {
		return fmt.Errorf("get the assignment of generation %d: %w", joined.Generation, err)
	}
	m.metrics.Synced(time.Since(began))
	a, err := readAssignment(raw)
	if err != nil {
		return fmt.Errorf("read the assignment of generation %d: %w", joined.Generation, err)
	}
	return m.adopt(ctx, a, joined)
}

// join joins until the coordinator starts a generation.
func (m *Member) join(ctx context.Context) (*kmsg.JoinGroupResponse, error) {
	for {
		m.rejoin, m.delayed = false, time.Time{}
		select { // wishes until now are part of this round
		case <-m.wake:
		default:
		}
		began, said := time.Now(), m.held
		resp, err := m.joinOnce(ctx)
		if err == nil {
			m.heard(began)
			m.metrics.Joined(time.Since(began))
			m.memberID, m.generation = resp.MemberID, int(resp.Generation)
			if said != nil && m.held == nil {
				continue // what it said that it runs was given up meanwhile
			}
			return resp, nil
		}
		switch {
		case errors.Is(err, kerr.MemberIDRequired):
			m.memberID = resp.MemberID
		case errors.Is(err, kerr.UnknownMemberID) && m.memberID != "":
			m.note(err, began)
		case errors.Is(err, kerr.RebalanceInProgress):
		default:
			return nil, err
		}
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
	}
}

func (m *Member) joinOnce(ctx context.Context) (*kmsg.JoinGroupResponse, error) {
	ctx, cancel := context.WithTimeout(ctx, m.settings.RebalanceTimeout+lapse)
	defer cancel()
	req := kmsg.NewPtrJoinGroupRequest()
	req.Group, req.MemberID, req.ProtocolType = m.settings.GroupID, m.memberID, protocolType
	req.SessionTimeoutMillis = int32(m.settings.SessionTimeout.Milliseconds())
	req.RebalanceTimeoutMillis = int32(m.settings.RebalanceTimeout.Milliseconds())
	if reason, ok := m.wish(); ok {
		req.Reason = &reason
	}
	for _, p := range m.settings.protocols() {
		offer := kmsg.NewJoinGroupRequestProtocol()
		offer.Name, offer.Metadata = p.name, m.metadata(p.version).bytes()
		req.Protocols = append(req.Protocols, offer)
	}
	var resp *kmsg.JoinGroupResponse
	err := m.awaitWhile(ctx, func(ctx context.Context) (err error) {
		resp, err = req.RequestWith(ctx, m.client)
		return err
	}, m.untilLost())
	if err != nil {
		return nil, err
	}
	return resp, kerr.ErrorForCode(resp.ErrorCode)
}

// metadata is what this worker says of itself.
func (m *Member) metadata(version int16) metadata {
	said := metadata{version: version, url: m.cfg.URL, configOffset: m.cfg.Configs.Offset(), plugins: m.cfg.Plugins}
	if version != v0 && m.held != nil {
		holds := m.held.assignment
		holds.version, holds.assigned, holds.revoked = version, wireUnits(m.held.work), []units{}
		said.holds = &holds
	}
	return said
}

// sync sends the plan, where this worker leads, and returns its own assignment.
func (m *Member) sync(ctx context.Context, joined *kmsg.JoinGroupResponse) ([]byte, error) {
	req := kmsg.NewPtrSyncGroupRequest()
	req.Group, req.MemberID, req.Generation = m.settings.GroupID, m.memberID, joined.Generation
	req.ProtocolType, req.Protocol = joined.ProtocolType, joined.Protocol
	if joined.LeaderID == m.memberID {
		req.GroupAssignment = m.plan(ctx, joined)
	}
	ctx, cancel := context.WithTimeout(ctx, m.settings.RebalanceTimeout+lapse)
	defer cancel()
	var resp *kmsg.SyncGroupResponse
	sent := time.Now()
	err := m.await(ctx, func(ctx context.Context) (err error) {
		resp, err = req.RequestWith(ctx, m.client)
		return err
	})
	if err == nil {
		err = kerr.ErrorForCode(resp.ErrorCode)
	}
	m.note(err, sent)
	if err != nil {
		return nil, err
	}
	return resp.MemberAssignment, nil
}

// adopt makes the assignment the worker's own: what is revoked is stopped before
// anything else, then the config topic is read as far as the leader had.
func (m *Member) adopt(ctx context.Context, a assignment, joined *kmsg.JoinGroupResponse) error {
	m.completed = int(joined.Generation)
	m.version = m.chosen(joined)
	held, revoked := work(a.assigned), work(a.revoked)
	if m.version != v0 {
		had := m.held
		m.revoke(ctx, revoked)
		if had != nil && m.held == nil {
			return nil // the session was lost meanwhile; rejoin is set
		}
		if m.held != nil {
			held = held.Plus(m.held.work.Minus(revoked))
		}
	}
	m.held = &mine{a, held}
	if !m.catchUp(ctx, a) {
		return nil // rejoin is set
	}
	if a.err != 0 {
		m.log.Warn("the leader could not assign work, since it had not read the config topic to the end; the worker joins again", "error", a.err)
		m.rejoin = true
		return nil
	}
	if !revoked.Empty() {
		m.rejoin = true
	}
	if a.delay > 0 {
		m.delayed = time.Now().Add(time.Duration(a.delay) * time.Millisecond)
	}
	m.fulfil(a.configOffset)
	out := assign.Assignment{
		Generation: m.completed, MemberID: m.memberID, Leader: a.leader == m.memberID, LeaderURL: a.leaderURL,
		ConfigOffset: a.configOffset, Signed: m.version >= v2, Held: held.Clone(),
	}
	if out.Leader {
		out.Owners, out.Peers = m.owners, m.peers
	} else {
		out.Peers = m.lookAround(ctx, held)
	}
	m.log.Info("the group has assigned work", "generation", out.Generation, "leader", out.LeaderURL, "leads", out.Leader,
		"connectors", len(held.Connectors), "tasks", len(held.Tasks), "delay", time.Duration(a.delay)*time.Millisecond)
	m.member = true
	m.metrics.End(out.LeaderURL, out.Generation, len(held.Connectors), len(held.Tasks))
	m.cfg.Listener.Assigned(out)
	return nil
}

// catchUp reads the config topic to the end where this worker is behind the
// assignment. One that cannot leaves the group, so that nobody waits for it, and
// comes back when it can; false says so.
func (m *Member) catchUp(ctx context.Context, a assignment) bool {
	behind := func() bool { return m.cfg.Configs.Offset() < a.configOffset }
	if !behind() && (a.err == 0 || a.leader != m.memberID) {
		return true
	}
	m.log.Info("the config topic is read to the end", "offset", m.cfg.Configs.Offset(), "assigned", a.configOffset)
	for ctx.Err() == nil {
		err := m.refresh(ctx)
		if err == nil && m.memberID != "" {
			m.retries = unsyncRetries
			return true
		}
		m.rejoin = true
		if err == nil {
			m.retries = unsyncRetries
			return false
		}
		m.log.Warn("the config topic could not be read to the end within worker.sync.timeout.ms", "error", err)
		m.leave(ctx, "taking too long to read the log")
		m.backOff(ctx)
	}
	return false
}

// refresh reads the config topic to the end, within worker.sync.timeout.ms.
func (m *Member) refresh(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, m.settings.SyncTimeout)
	defer cancel()
	return m.await(ctx, m.cfg.Configs.Refresh)
}

// backOff waits before the next attempt to read the config topic; after some
// attempts the worker stops what it runs, which others have been given by then.
func (m *Member) backOff(ctx context.Context) {
	switch {
	case m.version == v0:
		sleep(ctx, m.settings.UnsyncBackoff)
	case m.retries > 0:
		sleep(ctx, m.settings.MaxDelay/10/time.Duration(m.retries))
		m.retries--
	default:
		m.log.Warn("the worker stops what it runs, since it cannot read the config topic")
		m.revokeAll(ctx)
		m.retries = unsyncRetries
		sleep(ctx, mostPause)
	}
}

// readMembers returns what the members said of themselves. One whose metadata cannot be read is left out and gets nothing.
func (m *Member) readMembers(joined *kmsg.JoinGroupResponse) map[string]metadata {
	said := make(map[string]metadata, len(joined.Members))
	for _, member := range joined.Members {
		md, err := readMetadata(member.ProtocolMetadata)
		if err != nil {
			m.log.Error("a member of the group gets no work, since its metadata cannot be read", "member", member.MemberID, "error", err)
			continue
		}
		said[member.MemberID] = md
	}
	return said
}

// plan makes the assignments of all members.
func (m *Member) plan(ctx context.Context, joined *kmsg.JoinGroupResponse) []kmsg.SyncGroupRequestGroupAssignment {
	said := m.readMembers(joined)
	newest := int64(-1)
	for _, md := range said {
		newest = max(newest, md.configOffset)
	}
	if m.cfg.Configs.Offset() < newest {
		err := m.refresh(ctx)
		if err != nil {
			m.log.Warn("the leader is behind a member and cannot read the config topic to the end", "error", err)
		}
	}
	configured, offset := m.cfg.Configs.Configured()
	common := assignment{version: m.chosen(joined), leader: m.memberID, leaderURL: m.cfg.URL, configOffset: offset, assigned: []units{}, revoked: []units{}}
	perMember := make(map[string]assignment, len(joined.Members))
	if offset < newest {
		common.err, common.configOffset = configMismatch, newest
	} else {
		m.decide(said, joined, configured, common, perMember)
	}
	out := make([]kmsg.SyncGroupRequestGroupAssignment, 0, len(joined.Members))
	for _, member := range joined.Members {
		a, ok := perMember[member.MemberID]
		if !ok {
			a = common
		}
		entry := kmsg.NewSyncGroupRequestGroupAssignment()
		entry.MemberID, entry.MemberAssignment = member.MemberID, a.appendTo(nil)
		out = append(out, entry)
	}
	return out
}

// decide fills in each member's assignment, and notes who owns what.
func (m *Member) decide(said map[string]metadata, joined *kmsg.JoinGroupResponse, configured assign.Work, common assignment, into map[string]assignment) {
	round := assign.Round{
		Configured: configured, Generation: int(joined.Generation), Completed: m.completed,
		MaxDelay: m.settings.MaxDelay, Now: time.Now(),
	}
	var ids []string
	for _, member := range joined.Members {
		md, ok := said[member.MemberID]
		if !ok {
			continue
		}
		ids = append(ids, member.MemberID)
		holder := assign.Member{ID: member.MemberID}
		if md.holds != nil {
			holder.Holds = work(md.holds.assigned)
		}
		if md.plugins != nil {
			holder.Lacks = m.cfg.Configs.Lacking(md.plugins)
		}
		round.Members = append(round.Members, holder)
	}
	var plan assign.Plan
	if common.version == v0 {
		plan.Assigned = assign.Eager(round.Members, configured)
		plan.Next = plan.Assigned
	} else {
		m.leading, plan = assign.Incremental(m.leading, round)
	}
	for _, id := range ids {
		a := common
		a.assigned, a.revoked = wireUnits(plan.Assigned[id]), wireUnits(plan.Revoked[id])
		a.delay = int32(plan.Delay.Milliseconds())
		into[id] = a
	}
	m.owners, m.peers = ownersOf(plan.Next, said), peersOf(said)
	m.log.Info("this worker leads the group and has assigned the work", "generation", joined.Generation, "members", len(ids),
		"connectors", len(configured.Connectors), "tasks", len(configured.Tasks), "delay", plan.Delay)
}

// lookAround asks the coordinator what the other members can run, where this one
// holds work that it lacks plugins for. A Java leader gives it that, who does not
// know better.
func (m *Member) lookAround(ctx context.Context, held assign.Work) []assign.Peer {
	if m.cfg.Plugins == nil || held.Empty() {
		return nil
	}
	lacking := m.cfg.Configs.Lacking(m.cfg.Plugins)
	of := func(connector string) bool { return lacking[connector] }
	if !slices.ContainsFunc(held.Connectors, of) && !slices.ContainsFunc(held.Tasks, func(t store.TaskID) bool { return of(t.Connector) }) {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, m.beat)
	defer cancel()
	var seen Sight
	err := m.await(ctx, func(ctx context.Context) (err error) {
		seen, err = describe(ctx, m.client, m.settings.GroupID)
		return err
	})
	if err != nil {
		m.log.Debug("what the other members can run is not known", "error", err)
		return nil
	}
	var out []assign.Peer
	for _, member := range seen.Members {
		if member.URL != "" {
			out = append(out, assign.Peer{URL: member.URL, Plugins: member.Plugins})
		}
	}
	return out
}

func peersOf(said map[string]metadata) []assign.Peer {
	out := make([]assign.Peer, 0, len(said))
	for _, md := range said {
		out = append(out, assign.Peer{URL: md.url, Plugins: md.plugins})
	}
	slices.SortFunc(out, func(a, b assign.Peer) int { return strings.Compare(a.URL, b.URL) })
	return out
}

func ownersOf(next map[string]assign.Work, said map[string]metadata) assign.Owners {
	owners := assign.NewOwners()
	for id, w := range next {
		owners.Add(said[id].url, w)
	}
	return owners
}
