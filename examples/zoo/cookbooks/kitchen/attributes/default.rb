default['kitchen']['kg_per_animal'] = 4
default['zoo']['animals'] = {}
