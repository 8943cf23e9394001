#!/bin/sh
echo $(($1 * 3))
