# ctest: labels=serving timeout=300
"""Every route × every kind of caller × every kind of repository, against rights_table.py.

The routes are those of the documents (docs/api/openapi.yaml, docs/reference/http.md), so a new one
without a row fails by its name. **Let in** is told from **refused** by the status: what changes
something is sent so that it is refused behind the question who may (a body that cannot be, the name
of nothing: 400, 404, 409, 415), or changes nothing that another row asks for. Refused is 401, or
404 for reading and 403 for writing; reading by Basic what is not there is 404 for everybody.

Besides: what may not be seen answers as what is not there, to the byte but for the name; and no
answer has a word in it that stands in a repository which its caller may not see.
"""

import re
from urllib.parse import unquote, urlencode

import pytest
import yaml
from conftest import PASSWORD
from matrix_world import API, VISIBLE, Mismatches, World, claims_of, word_told, word_within
from rights_table import (ACCESS, ALIKE, NOTHING, PEOPLE, PLACES, READS, REPOSITORY, THERE, V2, kind_of, may,
                          role_of)

from support.content import (OCI_LAYER, OCI_MANIFEST, descriptor, digest_of, encode, image_manifest,
                             upload_target, with_query)
from support.paths import REPOSITORY as TREE

# What has no row in the tables: its tests are below.
TESTED_ALONE = {"GET /v2/", "GET /v2", "GET /v2/_catalog", "GET /token", "POST /token",
                "GET /token/jwks", ACCESS}


@pytest.fixture(scope="module")
def world(start_module_registry):
    return World(start_module_registry(environment={"ENTREPOT_ADMIN_PASSWORD": PASSWORD}))


@pytest.fixture(autouse=True)
def nothing_hidden_is_told(world):
    """Of all answers of a test: none has a word of what its caller may not see."""
    yield
    mismatches = Mismatches("words")
    for name, asked, answer in world.log:
        text = answer.body.decode("latin1") + str(answer.headers)
        # Auditors see every name, right and audit row, and tags stand in those.
        audits = kind_of(name) == "auditor" and "/audit" in asked
        for place in THERE:
            level = role_of(name, place).level
            told = [word for word, hidden in ((word_within(place), level in ("-", "see")),
                                              (word_told(place), level == "-"), (place, level == "-"))
                    if hidden and word in text and word not in unquote(asked) and not audits]
            mismatches.expect(asked, name, told, [])
    world.log.clear()
    mismatches.check()


def documented_api() -> set[str]:
    paths = yaml.safe_load((TREE / "docs/api/openapi.yaml").read_text())["paths"]
    return {f"{method.upper()} {path}" for path, item in paths.items() for method in item
            if method != "parameters"}


def documented_endpoints() -> set[str]:
    """Of /v2 and /token. What takes GET takes HEAD, too."""
    text = (TREE / "docs/reference/http.md").read_text()
    rows = re.findall(r"^\| ([A-Z, ]+) \| `(/(?:v2|token)[^`?]*)[^`]*`", text, re.MULTILINE)
    found = {f"{method} {path}" for methods, path in rows for method in methods.split(", ")}
    assert {route.replace("HEAD", "GET") for route in found if route.startswith("HEAD")} == {
        route for route in found if route.startswith("GET")}
    return {route for route in found if not route.startswith("HEAD")}


def test_no_route_is_without_a_row():
    rows = {row.route for row in (*V2, *REPOSITORY, *PEOPLE)} | TESTED_ALONE
    documented = documented_api() | documented_endpoints()
    assert len(documented) > 60
    without_row, only_rows = sorted(documented - rows), sorted(rows - documented)
    assert not without_row, f"documented, and in no row of rights_table.py: {without_row}"
    assert not only_rows, f"in a row of rights_table.py, and not documented: {only_rows}"


def is_wrong(caller) -> bool:
    return kind_of(caller.name) == "wrong"


def is_let_in(caller, action: str, place: str) -> bool:
    return not is_wrong(caller) and may(caller.name, action, place)


def refused(caller, action: str, is_api: bool) -> int:
    """The status for who may not (docs/reference/access.md, Answers)."""
    if is_wrong(caller):
        return 401
    if is_api:
        return 404 if action in READS else 401 if not caller.account else 403
    if caller.proof != "basic":
        return 401
    return 404 if action in READS else 403


def expected(caller, row, place: str, is_api: bool) -> int:
    if not is_let_in(caller, row.action, place):
        return refused(caller, row.action, is_api)
    return row.there if place in THERE else row.absent


def masked(answer, word: str) -> dict[str, str]:
    """An answer without what may differ: the name, of one length each, and the time."""
    space = re.escape(word.split("/")[0])

    def mask(text: str) -> str:
        text = re.sub(rf"(?<!\w){re.escape(word)}(?!\w)", "NAME", text)
        return re.sub(rf"which {space}'s owners", "which NAME's owners", text)

    headers = [(name.lower(), value) for name, value in answer.headers
               if name.lower() not in ("date", "x-request-id")]
    length = {name: value for name, value in headers if name == "content-length"}
    return {"status": str(answer.status), "body": mask(answer.body.decode("latin1")),
            "headers": mask(str([each for each in headers if each[0] not in length])), **length}


def expect_alike(mismatches, asked, caller, answer, reference) -> None:
    different = [part for part in answer if answer[part] != reference.get(part)]
    mismatches.expect(asked, caller.name, {part: answer[part] for part in different},
                      {part: reference.get(part) for part in different})


# Each with what it has to be like where somebody has no role in it.
LIKE = {"acme/inside": "acme/absent", "acme/hidden": "acme/absent", "ajax/hidden": "ajax/absent",
        "ajax/absent": "none/absent", "acme/absent": "none/absent", "hidden-name": "absent-name"}


def expect_hidden_like_absent(mismatches, caller, row, answers) -> None:
    for place, other in LIKE.items():
        # The owner of a token that is bound elsewhere may do more than the token.
        across = place.split("/")[0] != other.split("/")[0] and "/" in place
        if across and kind_of(caller.name) == "bound":
            continue
        if place in answers and role_of(caller.name, place).level == "-":
            expect_alike(mismatches, f"{row.method} {row.path or row.route}: {place} is as {other}",
                         caller, masked(answers[place], place), masked(answers[other], other))


def ask_row(world, mismatches, caller, row, is_api):
    """One row of one caller, everywhere; and HEAD where there is GET."""
    answers, heads = {}, {}
    for place in PLACES:
        target = row.target(place, world.digest)
        body = row.body and row.body.replace(b"AS-IT-IS",
                                             VISIBLE.get(place, "private").encode())
        more = {"Content_Type": row.media_type} if row.media_type else {}
        answers[place] = world.ask(caller, row.method, target, body, **more)
        wanted = expected(caller, row, place, is_api)
        mismatches.expect(f"{row.method} {target}", caller.name, answers[place].status, wanted)
        if row.method == "GET":
            heads[place] = world.ask(caller, "HEAD", target)
            mismatches.expect(f"HEAD {target}", caller.name, heads[place].status, wanted)
        if row.route.startswith("DELETE") and answers[place].status == 204:
            world.put_readme(place)
    expect_hidden_like_absent(mismatches, caller, row, answers)
    expect_hidden_like_absent(mismatches, caller, row, heads)
    return answers


def challenge_wanted(caller, action: str, place: str) -> dict[str, str] | None:
    """What the 401 of a refusal asks for; None: there is no 401."""
    if is_wrong(caller):
        return {"error": "invalid_token"} if caller.proof == "bearer" else {}
    if caller.proof == "basic":
        return None
    actions = {"pull": "pull", "push": "pull,push", "delete": "delete"}[action]
    error = {"error": "insufficient_scope"} if caller.proof == "bearer" else {}
    return {"scope": f"repository:{place}:{actions}", **error}


def challenge_of(answer) -> dict[str, str] | None:
    header = answer.header("WWW-Authenticate")
    if header is None:
        return None
    assert header.startswith("Bearer realm="), header
    return {name: value for name, value in re.findall(r'(\w+)="([^"]*)"', header)
            if name in ("scope", "error")}


CODES = {401: ["UNAUTHORIZED"], 403: ["DENIED"], 404: ["NAME_UNKNOWN"]}


def test_repositories_below_v2(world):
    mismatches = Mismatches("v2")
    for caller in world.below_v2:
        for row in V2:
            answers = ask_row(world, mismatches, caller, row, False)
            for place, answer in answers.items():
                if is_let_in(caller, row.action, place) or answer.status not in CODES:
                    continue
                asked = f"{row.route} of {place}"
                mismatches.expect(asked, caller.name, answer.error_codes(), CODES[answer.status])
                mismatches.expect(asked, caller.name, challenge_of(answer),
                                  challenge_wanted(caller, row.action, place))
    mismatches.check()


def test_repositories_below_api(world):
    mismatches = Mismatches("repositories")
    for caller in world.callers:
        for row in REPOSITORY:
            ask_row(world, mismatches, caller, row, True)
    mismatches.check()


def may_be_told(caller, place: str) -> int:
    """Of ACCESS: who may grant there, or read all rights, is told; who sees the repository alone
    is refused; for others nothing is there."""
    kind, level = kind_of(caller.name), role_of(caller.name, place).level
    if kind == "wrong":
        return 401
    if level == "-":
        return 404
    if kind == "nobody":
        return 401
    if level != "admin" and kind != "auditor":
        return 403
    return 200 if place in THERE else 404


def test_who_is_told_who_may_what(world):
    mismatches = Mismatches("access")
    for caller in world.callers:
        for place in PLACES:
            target = f"{API}/repositories/{place}/-/access"
            answer = world.ask(caller, "GET", target)
            mismatches.expect(f"GET {target}", caller.name, answer.status,
                              may_be_told(caller, place))
    mismatches.check()


def filled_in(text: str, world, caller) -> str:
    own = (caller.account or "nobody").replace("/", "%2F")
    return (text.replace("SELF", own).replace("PASSWORD", PASSWORD)
            .replace("FOREIGN", str(world.foreign_grant)).replace("TOKEN", str(world.foreign_token)))


def test_accounts_and_rights(world):
    mismatches = Mismatches("people")
    for caller in world.callers:
        kind = kind_of(caller.name)
        for row in PEOPLE:
            if kind != "wrong" and row.expected[kind] is None:
                continue
            if caller.proof == "cookie" and row.path.startswith("/sessions"):
                continue  # it would end
            target = API + filled_in(row.path, world, caller)
            body = filled_in((row.body or b"").decode(), world, caller)
            more = {"Entrepot_Page": "1"} if row.path == "/sessions" else {}
            answer = world.ask(caller, row.method, target, body.encode() or None, **more)
            wanted = 401 if kind == "wrong" else row.expected[kind]
            mismatches.expect(f"{row.method} {target} {body}", caller.name, answer.status, wanted)
    mismatches.check()


def test_what_one_may_not_know_of_is_not_there(world):
    """Others' grants, tokens, robots, organisations and repositories, where a name or a number of
    them is asked for."""
    mismatches = Mismatches("alike")
    numbers = {"FOREIGN": str(world.foreign_grant), "TOKEN": str(world.foreign_token)}
    for caller in world.callers:
        for row in ALIKE:
            if caller.name in row.knows:
                continue
            there = numbers.get(row.there, row.there)
            absent = "9" * len(there) if row.there in numbers else row.absent
            path, _, body = filled_in(API + row.path, world, caller).partition(" ")
            found, reference = (masked(world.ask(caller, row.method, path.replace("WHICH", word),
                                                 body.replace("WHICH", word).encode() or None), word)
                                for word in (there, absent))
            expect_alike(mismatches, f"{row.method} {path.replace('WHICH', there)} is as {absent}",
                         caller, found, reference)
    mismatches.check()


def visible_to(caller, containing: str = "") -> list[str]:
    everything = kind_of(caller.name) in ("admin", "auditor")
    seen = [place for place in THERE if role_of(caller.name, place).level != "-"]
    seen += ["patron/keeps"] if everything else []
    return sorted(place for place in seen if containing in place)


def test_lists_have_what_may_be_seen(world):
    mismatches = Mismatches("lists")
    for caller in world.callers:
        lists = [(API + "/repositories", "items"), (API + "/search?q=", "items"),
                 *((f"{API}/search?q={word_told(place)}", "items") for place in THERE)]
        for path, items in lists:
            place = path.split("told-in-")[1] if "told-in-" in path else ""
            expect_names(world, mismatches, caller, path, items,
                         [name for name in visible_to(caller)
                          if place in name.replace("/", "-")])
    for caller in world.below_v2:
        expect_names(world, mismatches, caller, "/v1/search?q=&n=100", "results",
                     visible_to(caller))
    mismatches.check()


def expect_names(world, mismatches, caller, path, items, names) -> None:
    answer = world.ask(caller, "GET", path)
    if is_wrong(caller):
        mismatches.expect(path, caller.name, answer.status, 401)
        return
    mismatches.expect(path, caller.name, answer.status, 200)
    found = sorted(row if isinstance(row, str) else row["name"] for row in answer.json()[items])
    mismatches.expect(path, caller.name, found, names)


WITHOUT_CATALOG = ("owner-secret-pull", "owner-secret-public", "reader-secret-public",
                   "reader-token-public", "writer-secret-public")


def test_the_catalog(world):
    """By a token for it, or by who one is. A token for some repositories alone has no catalog, and
    who sends nothing is asked to sign in."""
    mismatches = Mismatches("catalog")
    for caller in world.below_v2:
        unknown = is_wrong(caller) or caller.proof == "none"
        for path in ("/v2/", "/v2"):
            mismatches.expect(f"GET {path}", caller.name, world.ask(caller, "GET", path).status,
                              401 if unknown else 200)
        if not unknown and caller.name not in WITHOUT_CATALOG:
            expect_names(world, mismatches, caller, "/v2/_catalog", "repositories",
                         visible_to(caller))
            continue
        status = 404 if caller.proof == "basic" and not unknown else 401
        mismatches.expect("GET /v2/_catalog", caller.name,
                          world.ask(caller, "GET", "/v2/_catalog").status, status)
    mismatches.check()


def granted(caller, place: str) -> list[str]:
    return sorted(word for word in ("pull", "push", "delete") if may(caller.name, word, place))


def expect_granted(mismatches, asked, caller, place, token) -> None:
    """A token has the granted part; of what may not be seen and of what is not there: nothing."""
    given = [sorted(each["actions"]) for each in claims_of(token)["access"]
             if each["name"] == place]
    wanted = granted(caller, place)
    mismatches.expect(asked, caller.name, given, [wanted] if wanted else [])


def test_tokens_are_for_what_may_be_done(world):
    mismatches = Mismatches("token")
    for caller in world.below_v2:
        status = 401 if is_wrong(caller) else 200
        for place in PLACES:
            target = f"/token?service=entrepot&scope=repository:{place}:pull,push,delete"
            for method in ("GET", "HEAD"):
                answer = world.ask(caller, method, target)
                mismatches.expect(f"{method} {target}", caller.name, answer.status, status)
                if answer.status == 200 and method == "GET":
                    expect_granted(mismatches, target, caller, place, answer.json()["token"])
        mismatches.expect("GET /token/jwks", caller.name,
                          world.ask(caller, "GET", "/token/jwks").status, 200)
    mismatches.check()


def test_forms_for_tokens(world):
    """The same for a form, by name and secret."""
    mismatches = Mismatches("form")
    for caller in world.below_v2:
        if caller.proof != "basic":
            continue
        for place in PLACES:
            scope = f"repository:{place}:pull,push,delete"
            body = urlencode({"grant_type": "password", "service": "entrepot", "scope": scope,
                              "username": caller.account, "password": caller.secret})
            answer = world.client.request(
                "POST", "/token", body.encode(),
                {"Content-Type": "application/x-www-form-urlencoded"})
            asked = f"POST /token {scope}"
            mismatches.expect(asked, caller.name, answer.status, 401 if is_wrong(caller) else 200)
            if answer.status == 200:
                expect_granted(mismatches, asked, caller, place, answer.json()["access_token"])
    mismatches.check()


def test_an_upload_is_there_for_who_began_it(world):
    """For others with every right it is as one that nobody began."""
    mismatches = Mismatches("uploads")
    admin = world.caller("admin")
    begun = world.ask(admin, "POST", "/v2/acme/hidden/blobs/uploads/", b"")
    location = upload_target(begun, world.client)
    path, _, state = location.partition("?")
    unknown = path.rsplit("/", 1)[0] + "/nobody-began-it"
    for caller in world.below_v2:
        if caller.name == "admin":
            continue
        let_in = is_let_in(caller, "push", "acme/hidden")
        for method, body in (("GET", None), ("PATCH", b"x"), ("DELETE", None),
                             ("PUT", b"")):
            more = f"digest={digest_of(b'')}" if method == "PUT" else ""
            answer = world.ask(caller, method, with_query(location, more) if more else location, body)
            reference = world.ask(caller, method, f"{unknown}?{more}" if more else unknown, body)
            asked = f"{method} another's upload"
            mismatches.expect(asked, caller.name, answer.status,
                              404 if let_in else refused(caller, "push", False))
            expect_alike(mismatches, asked, caller, masked(answer, "acme/hidden"),
                         masked(reference, "acme/hidden"))
    assert state and world.ask(admin, "GET", location).status == 204
    mismatches.check()


def test_a_mount_takes_from_what_may_be_read(world):
    """Into one's own namespace, by name and without. What may not be read is as a blob that is
    nowhere: an upload begins, 202."""
    mismatches = Mismatches("mounts")
    for caller in world.below_v2:
        if caller.proof != "basic" or is_wrong(caller) or not may_make_own(caller):
            continue
        for place in THERE:
            only_there = digest_of(word_within(place).encode())
            for more in (f"&from={place}", ""):
                own = f"{caller.account}/{place.replace('/', '-')}{'-from' if more else ''}"
                answer = world.ask(caller, "POST",
                                   f"/v2/{own}/blobs/uploads/?mount={only_there}{more}", b"")
                asked = f"mount of what is in {place}, {'by' if more else 'without'} from"
                mismatches.expect(asked, caller.name, answer.status,
                                  201 if is_let_in(caller, "pull", place) else 202)
    mismatches.check()


def may_make_own(caller) -> bool:
    return kind_of(caller.name) not in ("bound", "robot")


def test_badges_of_what_may_not_be_pulled_are_of_nothing(world):
    mismatches = Mismatches("badges")
    for caller in world.below_v2:
        for kind in ("image", "version", "license", "commit", "pushed"):
            nothing = world.ask(caller, "GET", f"/badges/{kind}/none/absent.svg").body
            for place in ("acme/hidden", "acme/inside", "ajax/hidden"):
                path = f"/badges/{kind}/{place}.svg"
                answer = world.ask(caller, "GET", path)
                if not is_let_in(caller, "pull", place):
                    mismatches.expect(path, caller.name, answer.body, nothing)
                elif kind == "image":
                    mismatches.expect(path, caller.name, answer.body == nothing, False)
    mismatches.check()


def test_contents_are_there_where_they_were_pushed_alone(world):
    """Who knows a digest of what is hidden does not get it out of what is public, nor learns that
    it is anywhere."""
    mismatches = Mismatches("contents")
    blob, manifest = digest_of(word_within("acme/hidden").encode()), world.manifests["acme/hidden"]
    asked = [(method, f"/v2/acme/public/{kind}/{{}}", digest) for method in ("GET", "HEAD", "DELETE")
             for kind, digest in (("blobs", blob), ("manifests", manifest))]
    asked += [("GET", f"{API}/repositories/acme/public/-/{kind}/{{}}", manifest)
              for kind in ("images", "manifests")]
    for caller in world.below_v2:
        for method, path, digest in asked:
            found, reference = (masked(world.ask(caller, method, path.format(each)), each)
                                for each in (digest, NOTHING))
            expect_alike(mismatches, f"{method} {path} is as nothing", caller, found, reference)
        if is_let_in(caller, "push", "acme/public"):
            layer = descriptor(word_within("acme/hidden").encode(), OCI_LAYER)
            body = encode(image_manifest(layer, []))
            put = world.ask(caller, "PUT", "/v2/acme/public/manifests/stolen", body,
                            Content_Type=OCI_MANIFEST)
            mismatches.expect("PUT of a manifest with another's blob", caller.name,
                              (put.status, put.error_codes()), (404, ["MANIFEST_BLOB_UNKNOWN"]))
    mismatches.check()


SPELLINGS = ("acme%2F{name}", "acme%2f{name}", "acme//{name}", "acme/./{name}", "/acme/{name}",
             "acme/public/../{name}", "acme/public%2F..%2F{name}", "acme%252F{name}", "ACME/{name}",
             "acme/{name}/", "acme/{name}%00", "acme/%{first:x}{rest}")


@pytest.mark.parametrize("path", ["/v2/{}/tags/list", "/v2/{}/manifests/v1", API + "/repositories/{}",
                                  API + "/repositories/{}/-/tags", "/badges/image/{}.svg"])
def test_other_spellings_open_nothing(world, path):
    mismatches = Mismatches("spellings")
    for name in ("anonymous", "stranger", "stranger-token", "writer-secret-public", "robot-idle"):
        caller = world.caller(name)
        for spelling in SPELLINGS:
            targets = [path.format(spelling.format(name=word, first=ord(word[0]), rest=word[1:]))
                       for word in ("hidden", "absent")]
            found, reference = (world.ask(caller, "GET", target) for target in targets)
            if not path.startswith("/badges"):
                mismatches.expect(targets[0], name, found.status in (400, 401, 404), True)
            mismatches.expect(targets[0], name, found.status, reference.status)
    mismatches.check()
