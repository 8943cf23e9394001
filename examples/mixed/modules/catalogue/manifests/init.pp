# An ordinary class with typed parameters: Puppet looks up catalogue::password and catalogue::port by itself.
class catalogue(
  String $password,
  Integer $port,
  Hash[String, Integer] $goods = { 'tea' => 4, 'coffee' => 3 },
) {
  $dsn = "mysql://shop:${password}@localhost:${port}/shop"

  exec { 'configure':
    command  => "umask 077; printf 'port=%s\n' ${port} > database.conf",
    provider => shell,
  }
}
