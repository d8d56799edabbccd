#include "server/command/manual.h"

#include <fmt/core.h>

#include "server/options/options.h"

namespace entrepot::server {
namespace {

constexpr std::string_view kDescription = R"(.SH DESCRIPTION
.B entrepot
stores what
.B docker push
sends and serves what
.B docker pull
asks for. It speaks the OCI Distribution Specification and takes over the directory, the
configuration file and the variables of
.B registry:2
as they stand. Blobs are files, names are in SQLite, both in one directory. A push that was answered
is on the disk.
.PP
As long as there is no account, and unless it is told to be
.BR open ,
it answers only programs of its own machine.
)";

constexpr std::string_view kOptionsHead = R"(.SH OPTIONS
Every command that takes options understands all of them, though it may go by a few, as
.BI \-\- KEY " VALUE"
or
.BI \-\- KEY = VALUE\fR.
Of the same option, a flag wins over the variable, the variable over the configuration file. In that
file, which is YAML, the dots of a key are levels. A flag of a list may be repeated; in a variable
its entries are separated by commas, those of
.B http.headers
by newlines. A flag that is true or false needs no value to be true.
.PP
Durations are written as 250ms, 8s, 1h30m or 7d, sizes as 64MiB, 64MB or 65536, addresses as
127.0.0.1:5000, [::1]:5000 or :5000.
)";

constexpr std::string_view kRest = R"(.SH ENVIRONMENT
.TP
.BI ENTREPOT_ KEY
Sets the option of that key, in capitals and with underscores for dots:
.B ENTREPOT_HTTP_LISTEN
is
.BR http.listen .
.TP
.BI REGISTRY_ KEY
The variables of
.BR registry:2 .
.B entrepot options \-\-registry2
tells what becomes of each.
.TP
.B ENTREPOT_IMAGE
Set in the container image: its defaults are those of
.BR registry:2 's
image.
.TP
.B NOTIFY_SOCKET
Where a service manager wants to be told that the server serves, and that it ends; see
.BR sd_notify (3).
.SH FILES
.TP
.I /etc/entrepot/entrepot.yaml
The configuration of the service in Debian's package. The program alone reads no file that it is not
given.
.TP
.I /etc/default/entrepot
Variables of that service.
.TP
.I /var/lib/entrepot
The data directory:
.I docker/registry/v2
has the blobs,
.I entrepot/meta.db
all names,
.I entrepot/backups
copies of them.
)";

constexpr std::string_view kAfterExitStatus = R"(.PP
A second
.B SIGTERM
or
.B SIGINT
ends a server on the spot, with 128 and the signal's number.
.SH EXAMPLES
Serve on this machine, with the data in the current directory:
.PP
.RS 4
.EX
entrepot serve \-\-data data \-\-listen 127.0.0.1:5000
docker push localhost:5000/team/app:1
.EE
.RE
.PP
Take over a registry:2, with its own configuration file:
.PP
.RS 4
.EX
entrepot serve /etc/docker/registry/config.yml
.EE
.RE
.PP
Say what a collection would free, and change nothing:
.PP
.RS 4
.EX
entrepot gc \-\-dry\-run \-\-data /var/lib/entrepot
.EE
.RE
.PP
Read this page, or complete these words, where no package installed them:
.PP
.RS 4
.EX
entrepot manual | man \-l \-
source <(entrepot completion bash)
.EE
.RE
.SH SEE ALSO
.BR docker (1),
.BR podman (1),
.BR skopeo (1),
.BR systemd (1)
)";

struct ExitStatus {
  int status;
  std::string_view of;  // a command; "": all of them
  std::string_view text;
};

constexpr ExitStatus kExitStatuses[] = {
    {0, "", "It is done."},
    {1, "", "It failed; standard error says why."},
    {2, "", "The words were not understood, or mean what cannot be."},
    {3, "",
     "At a server or in a data directory: what was named is not there, or not for you to see."},
    {3, "fsck", "Something was damaged, and is mended."},
    {4, "", "At a server or in a data directory: refused, for nobody is signed in, or may do it."},
    {4, "fsck", "Something damaged is left."},
};

constexpr std::string_view kMarkdownHead = R"(# Commands

Made by `entrepot manual --markdown` from the table in `src/server/command/program.cc`; a test compares.
[Options](options.md) are flags of every command that takes them; each goes by those that it names.

## Exit codes

| code | of | when |
| --- | --- | --- |
)";

std::string exit_status_section() {
  std::string out = ".SH EXIT STATUS\n";
  for (const ExitStatus& row : kExitStatuses) {
    out += fmt::format(".TP\n.B {}\n", row.status);
    if (!row.of.empty()) out += fmt::format(".BR {} :\n", row.of);
    out += roff_text(row.text) + "\n";
  }
  return out;
}

std::string roff_lines(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    const auto end = text.find('\n');
    out += roff_text(text.substr(0, end)) + "\n";
    text.remove_prefix(end + 1);
  }
  return out;
}

std::string synopsis(std::span<const Command> commands) {
  std::string out = ".SH SYNOPSIS\n";
  for (const Command& command : commands) {
    const bool flags = !command.flags.empty() || command.takes_options;
    out += fmt::format(
        "\\fBentrepot {}\\fR{}{}\n.br\n", roff_text(command.name), flags ? " [\\fIflags\\fR]" : "",
        command.operands.empty() ? "" : fmt::format(" \\fI{}\\fR", roff_text(command.operands)));
  }
  return out + "\\fBentrepot help\\fR [\\fIcommand\\fR]\n";
}

std::string options_sentence(const Command& command) {
  if (command.options.empty()) return "Takes all options, below.";
  std::string out;
  for (const std::string_view path : command.options) {
    out += fmt::format("{}\\fB{}\\fR", out.empty() ? "Goes by these of the options below: " : ", ",
                       roff_text(path));
  }
  return out + ".";
}

std::string commands_section(std::span<const Command> commands) {
  std::string out = ".SH COMMANDS\n";
  for (const Command& command : commands) {
    out += fmt::format(".SS {}\n{}\n", roff_text(command.name), roff_text(command.text));
    if (!command.more.empty()) out += fmt::format(".PP\n{}", roff_lines(command.more));
    if (command.verbs != nullptr) {
      out += ".PP\n.RS 4\n.EX\n";
      for (const std::string& verb : command.verbs()) {
        out += fmt::format("entrepot {} {}\n", roff_text(command.name), roff_text(verb));
      }
      out += ".EE\n.RE\n";
    }
    for (const Flag& known : command.flags) {
      const std::string letter = known.letter == 0 ? "" : fmt::format("\\-{}, ", known.letter);
      const std::string value =
          known.value.empty() ? "" : fmt::format(" \\fI{}\\fR", roff_text(known.value));
      out += fmt::format(".TP\n\\fB{}\\-\\-{}\\fR{}\n{}\n", letter, roff_text(known.name), value,
                         roff_text(known.text));
    }
    if (command.takes_options) out += fmt::format(".PP\n{}\n", options_sentence(command));
  }
  return out +
         ".SS help\nWhat a command is for, and its flags; so does \\fB\\-\\-help\\fR behind one.\n";
}

std::string options_section() {
  std::string out(kOptionsHead);
  for (const Option& option : option_table()) {
    const bool short_flag = !option.flag.empty() && option.flag != option.path;
    out +=
        fmt::format(".TP\n{}\\fB\\-\\-{}\\fR \\fI{}\\fR\n{}\n.br\n",
                    short_flag ? fmt::format("\\fB\\-\\-{}\\fR, ", option.flag) : "",
                    roff_text(option.path), roff_text(value_name(option)), roff_text(option.text));
    if (!option.initial.empty()) out += fmt::format("Default: {}. ", roff_text(option.initial));
    out += fmt::format("Variable: {}.\n", roff_text(environment_name(option)));
  }
  return out;
}

}  // namespace

std::string roff_text(std::string_view text) {
  std::string out;
  bool bold = false;
  for (const char c : text) {
    switch (c) {
      case '\\':
        out += "\\e";
        break;
      case '-':
        out += "\\-";
        break;
      case '"':  // would quote an argument of a macro
        out += "\\(dq";
        break;
      case '\'':  // a curved one, else; and at the start of a line a request
        out += "\\(aq";
        break;
      case '^':
        out += "\\(ha";
        break;
      case '~':
        out += "\\(ti";
        break;
      case '`':
        bold = !bold;
        out += bold ? "\\fB" : "\\fR";
        break;
      case '.':  // at the start of a line it begins a request
        out += out.empty() ? "\\&." : ".";
        break;
      default:
        out += c;
    }
  }
  return out;
}

std::string manual(std::span<const Command> commands, std::string_view version) {
  std::string out = ".\\\" Made by `entrepot manual`.\n";
  out += fmt::format(".TH ENTREPOT 1 \"\" \"entrepot {}\" \"User Commands\"\n", version);
  out += ".SH NAME\nentrepot \\- a registry of container images\n";
  out += synopsis(commands);
  out += kDescription;
  out += commands_section(commands);
  out += options_section();
  out += kRest;
  out += exit_status_section();
  out += kAfterExitStatus;
  return out;
}

std::string commands_markdown(std::span<const Command> commands) {
  std::string page(kMarkdownHead);
  for (const ExitStatus& row : kExitStatuses) {
    const std::string of = row.of.empty() ? "" : fmt::format("`{}`", row.of);
    page += fmt::format("| {} | {} | {} |\n", row.status, of, row.text);
  }
  for (const Command& command : commands) {
    page += fmt::format("\n## {}\n\n{}\n", command.name, command.text);
    if (!command.more.empty()) page += fmt::format("\n{}", command.more);
    page += "\n```\n";
    if (command.verbs == nullptr) {
      page += fmt::format("entrepot {}{}{}\n", command.name, command.operands.empty() ? "" : " ",
                          command.operands);
    } else {
      for (const std::string& verb : command.verbs()) {
        page += fmt::format("entrepot {} {}\n", command.name, verb);
      }
    }
    page += "```\n";
    if (!command.flags.empty()) page += "\n| flag | what it does |\n| --- | --- |\n";
    for (const Flag& known : command.flags) {
      const std::string letter = known.letter == 0 ? "" : fmt::format("`-{}`, ", known.letter);
      page += fmt::format("| {}`--{}{}{}` | {} |\n", letter, known.name,
                          known.value.empty() ? "" : " ", known.value, known.text);
    }
  }
  return page;
}

}  // namespace entrepot::server
