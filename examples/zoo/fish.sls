feed the fish:
  cmd.run:
    - name: echo {{ pillar['kitchen']['portions'] | length }} kinds of leftovers
