// Apart from norrix.cjs, since a Node that is too old cannot even read import().
import('./main.js')
