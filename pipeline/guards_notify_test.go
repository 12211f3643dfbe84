package pipeline

// notifyGuards keep the promises of telling: nobody is told of one thing under two ids or
// twice without a crash, what may not have been taken is told again, what was told to be
// open is told to be over, and what comes soon after another of its group, by the time of
// the events, is not told.
var notifyGuards = []guard{
	{
		name: "a receiver that is new is told of no history", file: "pipeline/notify.go",
		old: "if len(committed[n.cfg.Alerts]) > 0 {", without: "if len(committed) >= 0 {",
		tests: "TestNoticesOfALife",
	},
	{
		name: "one instance tells", file: "pipeline/notify_sole.go",
		old: "if len(meta.UserData) > 0 && meta.Generation > since {", without: "if len(meta.UserData) == 0 && meta.Generation > since {",
		tests: "TestNoticesTakenOver",
	},
	{
		name: "the next reads what was told", file: "pipeline/notify_state.go",
		old: "if e != nil {\n\t\t\tdesk.Restore(*e)", without: "if e != nil && e.Alert.ID.IsZero() {\n\t\t\tdesk.Restore(*e)",
		tests: "TestNoticesOfALife|TestNoticesTakenOver",
	},
	{
		name: "what is about to be told is noted first", file: "pipeline/notify_notes.go",
		old: "e := &changed[i]\n", without: "e := &changed[i]\n\t\tif e.Sending != nil {\n\t\t\tcontinue\n\t\t}\n",
		tests: "TestNoticesKeepTheirKey",
	},
	{
		name: "what may not have been taken is told again", file: "pipeline/notify_term.go",
		old: "told, desk.Unfinished())", without: "told, nil)",
		tests: "TestNoticesSurviveCrashes",
	},
	{
		name: "it is told again as it was", file: "rules/notice/desk.go",
		old: "e.Sending = &Sending{Kind: kind, Quiet: n.Quiet}", without: "",
		tests: "TestNoticesSurviveCrashes|TestNoticesKeepTheirKey", pkg: "./pipeline",
	},
	{
		name: "what was taken is noted", file: "pipeline/notify_term.go",
		old: "desk.Sent(all[i].Alert.ID)", without: "",
		tests: "TestNoticesOfALife",
	},
	{
		name: "a place is committed when all before it was told", file: "pipeline/notify_term.go",
		old:     "if err := n.tellAll(ctx, desk, told, desk.Decide(n.now())); err != nil {",
		without: "if err := errors.Join(n.commit(ctx, next), n.tellAll(ctx, desk, told, desk.Decide(n.now()))); err != nil {",
		tests:   "TestNoticeThatCannotBeNoted",
	},
	{
		name: "what was heard and not noted is heard again", file: "pipeline/notify.go",
		old: "err = n.rewind(ctx)", without: "err = ctx.Err()",
		tests: "TestNoticeThatCannotBeNoted",
	},
	{
		name: "who slept notes nothing", file: "pipeline/notify_notes.go",
		old: "kgo.TransactionalID(n.group()),", without: "kgo.TransactionalID(fmt.Sprintf(\"%s %p\", n.group(), ctx)),",
		tests: "TestNotifierThatSlept",
	},
	{
		name: "who slept sends nothing more", file: "pipeline/notify_term.go",
		old: "if told.still() {", without: "if told.still() || ctx != nil {",
		tests: "TestNotifierThatSleptTellsNoMore",
	},
	{
		name: "what was told is told to be over", file: "rules/notice/desk.go",
		old: "out = d.tell(out, e, correlate.NoticeResolved)", without: "d.hold(e, \"\")",
		tests: "TestNoticesOfALife|TestNotifierThatSlept", pkg: "./pipeline",
	},
	{
		name: "it is told to be over once", file: "rules/notice/entry.go",
		old: "return e.Told != nil && e.Told.State == correlate.AlertOpen", without: "return e.Told != nil",
		tests: "TestDesk",
	},
	{
		name: "nobody is told that something is over of which nobody was told", file: "rules/notice/book.go",
		old: "!open && e.open():", without: "!open:",
		tests: "TestDesk",
	},
	{
		name: "an older version changes nothing", file: "rules/notice/entry.go",
		old: "return a.Version >= e.Alert.Version", without: "return a.Version >= e.Alert.Version || a.Version > 0",
		tests: "TestDesk",
	},
	{
		name: "what comes soon after another of its group is not told", file: "rules/notice/desk.go",
		old: "if near(d.entries[id].Alert.Time, e.Alert.Time, span) {", without: "if near(d.entries[id].Alert.Time, e.Alert.Time, 0) {",
		tests: "TestNoticesOfALife", pkg: "./pipeline",
	},
	{
		name: "soon is by the time of the events", file: "rules/notice/desk.go",
		old: "if near(d.entries[id].Alert.Time, e.Alert.Time, span) {", without: "if _, ok := d.entries[id]; ok && near(now, now, span) {",
		tests: "TestDesk|TestEveryOpenAlertIsAccountedFor",
	},
	{
		name: "who stands for others and is over lets the next be told", file: "rules/notice/book.go",
		old: "remove(d.standing, groupKey(a), a.ID)", without: "",
		tests: "TestNoticesOfALife", pkg: "./pipeline",
	},
	{
		name: "what waits is told rather than forgotten", file: "rules/notice/book.go",
		old: "e.must = true", without: "",
		tests: "TestDeskIsBounded",
	},
	{
		name: "an inhibition is over when its span is", file: "rules/notice/desk.go",
		old: "if span == 0 || near(d.entries[id].Alert.Time, at, span) {", without: "if span == 0 || id != (correlate.ID{}) {",
		tests: "TestDesk",
	},
}
