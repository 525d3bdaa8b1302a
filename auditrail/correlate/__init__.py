"""Correlation: ids -> runs, set-based, strongest keys first, every join explained.

A run is what one invocation of an agent did. Ids have roles:

- `run` and `trace` name a run (`NAMING`). Two run ids are always two runs.
- `tool_call`, `request`, `response`, `decision`, `message`, `span` tie single events of different streams (`TYING`).
- `session` and `conversation` group runs; they never merge them.

The steps, numbered here as in the modules:

1. `copies`: events that came twice are set aside; they count, but they make no run. Records with one key and
   different content are kept, and are conflicts.
2. `naming`: every run id, and every trace id that no run claims, is an owner of events. A trace belongs to the run
   that a record names together with it; a trace that several runs claim goes to the one that spawned the others.
3. `ties`: an owner without a run, and an event without any name, joins the run with which it shares a tying id.
   An id that several runs carry joins nothing (`shared-id`), and neither does one that far too many carry (`hub`):
   both are reported. Traces are merged only across streams and only where they overlap in time.
   A trace with a root of another agent is a child run and is not merged (`hops`).
   Last, a session that no run claims names its events itself.
4. `inference`: what is left joins by session, or by agent, tool and time, if exactly one run fits; it is marked
   `inferred` and never used for a further join.
5. `runs`: the rows of `runs`, `run_members` and `run_ids`.
6. `spawns`: links from child runs to the calls that spawned them.

Times are never changed, nothing is invented, and the same evidence gives the same runs.
"""
