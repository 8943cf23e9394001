// weft-get and weft-put in Perl: starts in a few milliseconds and needs perl-base only.

/** One program under both names. Its exit status: 0; 1 upstream failed; 2 not declared or wrong type; 3 conflict; 4 agent gone. */
export const perlShim = String.raw`#!/usr/bin/env perl
use strict;
use Socket;

my $get = $0 =~ /get$/;
my $me  = $get ? 'weft-get' : 'weft-put';
my $usage = $get
  ? "usage: weft-get NAME\nPrints input NAME of this role, waiting until it is there (or the role's own output NAME).\n"
  : "usage: weft-put NAME VALUE\n       weft-put NAME -    (the value is standard input, less one final newline)\nWrites output NAME of this role.\n";
if (@ARGV == 1 && $ARGV[0] eq '--help') { print $usage; exit 0 }
if (@ARGV != ($get ? 1 : 2)) { print STDERR $usage; exit 2 }

sub fail { my ($status, $text) = @_; print STDERR "$me: $text\n"; exit $status }
my ($path, $role) = @ENV{'WEFT_SOCKET', 'WEFT_ROLE'};
fail(4, 'WEFT_SOCKET and WEFT_ROLE are not set: this runs inside a role only') unless defined $path && defined $role;

sub part { my ($text) = @_; $text =~ s/([^A-Za-z0-9_.-])/sprintf '%%%02X', ord $1/ge; $text }
my ($name, $body) = @ARGV;
if (!$get && $body eq '-') { local $/; binmode STDIN; $body = <STDIN>; $body = '' unless defined $body; $body =~ s/\n\z// }

$SIG{PIPE} = 'IGNORE';
my $socket;
socket($socket, PF_UNIX, SOCK_STREAM, 0) && connect($socket, sockaddr_un($path))
  or fail(4, "the agent cannot be reached: $!");
my $kind = $get ? 'inputs' : 'outputs';
my $request = ($get ? 'GET' : 'PUT') . ' /v1/' . part($role) . "/$kind/" . part($name)
  . " HTTP/1.0\r\nHost: weft\r\nAccept: text/plain\r\n"
  . ($get ? '' : "Content-Type: text/plain\r\nContent-Length: " . length($body) . "\r\n") . "\r\n" . ($get ? '' : $body);
while (length $request) {
  my $sent = syswrite($socket, $request);
  last unless $sent;
  substr($request, 0, $sent) = '';
}
my $answer = '';
while (1) {
  my $got = sysread($socket, $answer, 65536, length $answer);
  last if defined $got && $got == 0;
  last if !defined $got && !$!{EINTR};
}
my ($head, $text) = split /\r\n\r\n/, $answer, 2;
my ($status) = ($head || '') =~ m{^HTTP/1\.\d (\d+)};
my ($length) = ($head || '') =~ /^content-length: (\d+)/im;
fail(4, 'the agent has gone') if !$status || (defined $length && length $text != $length);
if ($status == 200) { binmode STDOUT; print "$text\n"; exit 0 }
exit 0 if $status == 204;
$text =~ s/\n\z//;
fail($status == 409 ? 3 : $status == 410 ? 1 : $status >= 500 ? 4 : 2, $text);
`;
