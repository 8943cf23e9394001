# One cage for each ten kilograms of food, in a stable whose larder is locked.
class stable(Hash[String, Integer] $portions, Boolean $locked) {
  unless $locked {
    fail('the larder is open')
  }
  $cages = $portions.map |$_kind, $kg| { ($kg + 9) / 10 }.reduce |$sum, $cages| { $sum + $cages }
}
