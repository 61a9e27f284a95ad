# Functions of every flow's outputs and decision. $ctx holds what the run read and found.

# Exactly one value, or an error that says where.
def one($where; f): try ([limit(2; f)] | if length == 1 then .[0] else error("gives \(length) values, one is wanted") end)
  catch error("\($where): \(.)");

# Comparisons that are false when a side is null.
def le(a; b): a as $a | b as $b | $a != null and $b != null and $a <= $b;
def lt(a; b): a as $a | b as $b | $a != null and $b != null and $a < $b;
def ge(a; b): a as $a | b as $b | $a != null and $b != null and $a >= $b;
def gt(a; b): a as $a | b as $b | $a != null and $b != null and $a > $b;
def eq(a; b): a as $a | b as $b | $a != null and $b != null and $a == $b;

# Dates are texts "YYYY-MM-DD"; a day number counts from 1970-01-01.
def day(x): x as $x | if $x == null or $x == "" then null else $x[0:10] end;
def daynum: strptime("%Y-%m-%d") | mktime / 86400 | floor;
def daytext: . * 86400 | strftime("%Y-%m-%d");
def days(a; b): day(a) as $a | day(b) as $b | if $a == null or $b == null then null else ($b | daynum) - ($a | daynum) end;
def is_weekday: (. + 3) % 7 < 5;
def bd($n): ($ctx.today | daynum) as $t | [limit($n; $t + range(1; 2 * $n + 7) | select(is_weekday))] | last | daytext;
def due($n; m): (m | .facts.date) as $date | ($ctx.today | daynum) as $today | (bd($n) | daynum) as $c
  | (if $date != null and ($date | daynum) > $today and $c > ($date | daynum)
     then ($date | daynum) | until(is_weekday; . - 1) else $c end)
  | if . <= $today then bd(1) else daytext end;

# Signals (yes, no, unknown), roles, readiness items.
def sig(x; $id): x | .signals[$id].value // "unknown";
def role(u): u as $u | if ($u | type) == "object" then ($u.role // $u.facts.role // "unknown")
  else ([$ctx.users[] | select(.id == $u)] | first | .facts.role) // "unknown" end;
def rd(m; $item): m | .ready[$item] // "unknown";

# Texts.
def money(x): x as $x | if $x == null then "-" else
  ($x | (if . < 0 then -((-. + 0.5) | floor) else (. + 0.5 | floor) end)) as $n
  | (if $n < 0 then "-" else "" end) + (($n | if . < 0 then -. else . end | tostring) as $s
    | [range($s | length; 0; -3) | $s[([. - 3, 0] | max):.]] | reverse | join(",")) end;
def shown: if . == null then "-" elif type == "array" then map(shown) | join(", ") elif type == "string" then . else tostring end;
def fmt($template): . as $v | [$template | splits("(?=\\{)|(?<=\\})")] | map(
    if test("^\\{.*\\}$") then .[1:-1] as $p | $v | getpath($p | split(".")) | shown else . end) | join("");
def words: ascii_downcase | [scan("[a-z0-9]+")] | map(select(length >= 4 and test("[a-z]")))
  - ["with", "from", "this", "that", "have", "will", "into", "over", "under", "about", "after", "before",
     "customer", "milestone", "opportunity", "project", "azure", "microsoft"] | unique;
def overlap(a; b): (a | words) as $a | (b | words) as $b
  | if ($a | length) == 0 then 0 else (($a - ($a - $b)) | length) / ($a | length) end;

# Findings.
def above_info: select(.severity != "info");
def uniq: reduce .[] as $x ([]; if index([$x]) then . else . + [$x] end);
def rules(f): [f | .rule] | uniq;
def findings_on($id): $ctx.findings[] | select(.milestone_id == $id or .record.id == $id);
def finding($id): first($ctx.findings[] | select(.id == $id));
def milestone_of($f): first($ctx.milestones[] | select(.id == $f.milestone_id)) // null;
def no_candidates: if $ctx.candidates == "opportunity" then ($ctx.opportunities | length) == 0
  else ([$ctx.milestones[] | select(.in_set)] | length) == 0 end;

# Operations as a list of work: who does what by when.
def op_action: if .op == "create_task" then .fields.subject
  elif .op == "update_milestone" then "update " + (.fields | keys_unsorted | join(", "))
  elif .op == "update_task" then "update " + (.target.name // "task")
  else "close " + (.target.name // "task") end;
def op_owner: . as $op | (.fields.ownerId // null) as $id
  | if .op == "create_task" then (if $id == null then null else [$ctx.users[] | select(.id == $id)] | first
      | if . == null then {id: $id, name: null, role: "unknown"} else {id, name, role: .facts.role} end end)
    else first($ctx.milestones[] | select(.id == $op.target.id or ([.tasks[].id] | index([$op.target.id])))) | .owner end;
def remediation_rows: [$ctx.operations[] | . as $op | finding(.findings[0]) as $f
  | {owner: op_owner, owner_role, action: op_action, due: (.fields.dueDate // $f.due), milestone: (.target.number // $f.milestone_id), finding: $f.id}];

# Decisions.
def default_decision: if no_candidates then {value: "no_candidates", reasons: []}
  elif any($ctx.findings[]; .escalate) then {value: "escalate", reasons: rules($ctx.findings[] | select(.escalate))}
  elif any($ctx.findings[]; .severity != "info") then {value: "attention", reasons: rules($ctx.findings[] | above_info)}
  elif $ctx.stats.unknown > 0 then {value: "attention", reasons: []}
  else {value: "clean", reasons: []} end;
